//! A real redis-server for one test: started in a folder of its own, spoken to over a unix socket, ended by its id.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

pub(super) struct Server {
    child: Child,
    folder: PathBuf,
    link: BufReader<UnixStream>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Reply {
    Text(Vec<u8>),
    Error(String),
    Integer(i64),
    Array(Vec<Reply>),
    Nil,
}

impl Server {
    /// A server of its own, in cluster mode or not. Tests need Debian's redis-server.
    pub(super) fn start(cluster: bool) -> Server {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("keyferry-commands-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        let socket = folder.join("s");
        // A port may be taken between our look and the server's bind: try again.
        for _ in 0..5 {
            let mut child = spawn(cluster, &folder);
            let deadline = Instant::now() + Duration::from_secs(10);
            while Instant::now() < deadline && child.try_wait().unwrap().is_none() {
                if let Ok(link) = UnixStream::connect(&socket) {
                    return Server { child, folder, link: BufReader::new(link) };
                }
                std::thread::sleep(Duration::from_millis(10));
            }
            end(&mut child);
        }
        panic!("redis-server does not start: {}", std::fs::read_to_string(folder.join("log")).unwrap_or_default());
    }

    pub(super) fn ask(&mut self, args: &[&[u8]]) -> Reply {
        self.send(args);
        self.receive()
    }

    pub(super) fn send(&mut self, args: &[&[u8]]) {
        let mut request = format!("*{}\r\n", args.len()).into_bytes();
        for arg in args {
            request.extend_from_slice(format!("${}\r\n", arg.len()).as_bytes());
            request.extend_from_slice(arg);
            request.extend_from_slice(b"\r\n");
        }
        self.link.get_mut().write_all(&request).unwrap();
    }

    pub(super) fn receive(&mut self) -> Reply {
        let mut line = String::new();
        self.link.read_line(&mut line).unwrap();
        let (kind, rest) = line.trim_end().split_at(1);
        match kind {
            "+" => Reply::Text(rest.as_bytes().to_vec()),
            "-" => Reply::Error(rest.to_owned()),
            ":" => Reply::Integer(rest.parse().unwrap()),
            "$" | "*" if rest == "-1" => Reply::Nil,
            "$" => {
                let mut bytes = vec![0; rest.parse::<usize>().unwrap() + 2];
                self.link.read_exact(&mut bytes).unwrap();
                bytes.truncate(bytes.len() - 2);
                Reply::Text(bytes)
            }
            "*" => Reply::Array((0..rest.parse::<usize>().unwrap()).map(|_| self.receive()).collect()),
            _ => panic!("no reply: {line:?}"),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        end(&mut self.child);
        // A folder that stays behind harms no test.
        std::fs::remove_dir_all(&self.folder).unwrap_or_default();
    }
}

impl Reply {
    pub(super) fn array(&self) -> &[Reply] {
        match self {
            Reply::Array(items) => items,
            other => panic!("not an array: {other:?}"),
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Reply::Text(bytes) => bytes,
            other => panic!("not a text: {other:?}"),
        }
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8(self.bytes().to_vec()).unwrap()
    }

    pub(super) fn integer(&self) -> i64 {
        match self {
            Reply::Integer(number) => *number,
            other => panic!("not a number: {other:?}"),
        }
    }
}

fn spawn(cluster: bool, folder: &PathBuf) -> Child {
    let mut command = Command::new("redis-server");
    command.args(["--save", "", "--appendonly", "no", "--bind", "127.0.0.1", "--unixsocket", "s", "--logfile", "log"]);
    if cluster {
        let (port, bus) = (free_port(), free_port());
        command.args(["--cluster-enabled", "yes", "--port", &port, "--cluster-port", &bus]);
    } else {
        command.args(["--port", "0"]);
    }
    command.arg("--dir").arg(folder).current_dir(folder);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("these tests need redis-server on the path")
}

fn free_port() -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().port().to_string()
}

fn end(child: &mut Child) {
    // It may have ended by itself; then there is nothing to end.
    drop(child.kill());
    drop(child.wait());
}
