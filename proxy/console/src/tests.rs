//! Pages as a client sees them, over a real socket.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use settings::{Flag, Given, Input};
use telemetry::{Phase, Progress};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::{Console, Error};

struct Served {
    address: SocketAddr,
    progress: Arc<Progress>,
    stop: CancellationToken,
    task: JoinHandle<Result<(), Error>>,
}

async fn served() -> Served {
    let console = Console::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = console.address();
    let flags = ["source.url", "target.url"].map(|path| Flag {
        name: path.into(),
        path: path.into(),
        values: vec!["redis://a".into()],
    });
    let settings = settings::load(&Input { file: None, flags: &flags }, &Given::default()).unwrap();
    let progress = Arc::new(Progress::new(&settings, Instant::now()));
    let stop = CancellationToken::new();
    let task = tokio::spawn(console.serve(progress.clone(), stop.clone()));
    Served { address, progress, stop, task }
}

impl Served {
    async fn get(&self, path: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }
}

#[tokio::test]
async fn pages_answer_what_the_run_does() {
    let served = served().await;
    served.progress.applied(7, 0);
    for (path, code, holds) in [
        ("/", 200, "/readyz"),
        ("/healthz", 200, "alive"),
        ("/status", 200, "\"keys_applied\": 7"),
        ("/metrics", 200, "keyferry_snapshot_keys{outcome=\"applied\"} 7"),
        ("/nonsense", 404, "the list is at /"),
    ] {
        let (answered, body) = served.get(path).await;
        assert_eq!(answered, code, "{path}: {body}");
        assert!(body.contains(holds), "{path}: {body}");
    }
}

#[tokio::test]
async fn readiness_says_why_not() {
    let served = served().await;
    let now = Instant::now();
    served.progress.phase(Phase::WaitingForSnapshot, now);
    assert_eq!(served.get("/readyz").await, (503, "not ready: waiting for BGSAVE for 0 s\n".into()));
    served.progress.phase(Phase::Following, now);
    assert_eq!(served.get("/readyz").await.0, 200);
    served.progress.paused(3, "the target refused SET: OOM");
    assert_eq!(
        served.get("/readyz").await,
        (503, "not ready: lane 3 stands still for 0 s: the target refused SET: OOM\n".into())
    );
    served.progress.resumed(3);
    assert_eq!(served.get("/readyz").await.0, 200);
}

#[tokio::test]
async fn an_address_that_is_taken_is_named() {
    let served = served().await;
    let error = Console::bind(served.address).await.unwrap_err().to_string();
    assert!(error.contains(&served.address.to_string()) && error.contains("admin.listen"), "{error}");
}

#[tokio::test]
async fn a_client_that_says_nothing_does_not_delay_the_end() {
    let served = served().await;
    let silent = TcpStream::connect(served.address).await.unwrap();
    assert_eq!(served.get("/healthz").await.0, 200);
    served.stop.cancel();
    let end = tokio::time::timeout(Console::END_WITHIN + Duration::from_secs(2), served.task).await;
    end.expect("it ends in time").unwrap().unwrap();
    drop(silent);
}
