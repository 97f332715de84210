//! Processes that tests start: started so that they cannot outlive the tests, signalled and measured by id.

use rustix::process::{Pid, kill_process};
use std::fs;
use std::io;
use std::path::Path;
use std::process::{Child, Command};
use std::sync::mpsc;
use std::sync::{LazyLock, Mutex};
use std::thread;

pub use rustix::process::Signal;

type Job = Box<dyn FnOnce() + Send>;

/// The thread that starts every child. The kernel can be told to end a child when its parent ends, but it takes the
/// *thread* that started it for the parent, and a test's threads come and go. This one stays.
static NURSERY: LazyLock<Mutex<mpsc::Sender<Job>>> = LazyLock::new(|| {
    let (sender, jobs) = mpsc::channel::<Job>();
    thread::Builder::new()
        .name("testkit-nursery".into())
        .spawn(move || jobs.into_iter().for_each(|job| job()))
        .expect("a thread to start processes from");
    Mutex::new(sender)
});

/// Starts `program`, with arguments and the rest set by `configure`, so that the kernel kills it if this process
/// dies without cleaning up (a test runner's time-out, for one).
///
/// # Errors
/// What the system says where the program cannot be started.
pub fn spawn(program: &Path, configure: impl FnOnce(&mut Command) + Send + 'static) -> io::Result<Child> {
    if !program.is_file() {
        return Err(io::Error::new(io::ErrorKind::NotFound, format!("{} is not there", program.display())));
    }
    let mut command = bound_to_parent(program);
    let (reply, answer) = mpsc::sync_channel(1);
    let job: Job = Box::new(move || {
        configure(&mut command);
        // The receiver waits below until it has the answer.
        reply.send(command.spawn()).expect("the caller waits");
    });
    NURSERY.lock().expect("no holder panics").send(job).expect("the nursery thread never ends");
    answer.recv().map_err(|_| io::Error::other("the thread that starts processes is gone"))?
}

/// `setpriv` (util-linux) asks the kernel for the parent-death signal and becomes the program, with the same id.
fn bound_to_parent(program: &Path) -> Command {
    const SETPRIV: &str = "/usr/bin/setpriv";
    if !Path::new(SETPRIV).exists() {
        return Command::new(program);
    }
    let mut command = Command::new(SETPRIV);
    command.args(["--pdeathsig", "KILL", "--"]).arg(program);
    command
}

/// Sends a signal to the process with this id.
///
/// # Panics
/// When the system refuses, as for a process that is not there.
pub fn signal(pid: u32, signal: Signal) {
    let sent = i32::try_from(pid).ok().and_then(Pid::from_raw).map(|pid| kill_process(pid, signal));
    match sent {
        Some(Ok(())) => {}
        Some(Err(error)) => panic!("cannot send {signal:?} to process {pid}: {error}"),
        None => panic!("{pid} is no process id"),
    }
}

/// Processor time in seconds that a process has used so far, in user and kernel mode, without its children.
///
/// # Panics
/// When there is no such process.
pub fn cpu_seconds(pid: u32) -> f64 {
    let stat = read_proc(pid, "stat");
    // The name, in parentheses, may hold spaces and parentheses itself: proc(5) counts fields from behind it.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_ascii_whitespace().collect();
    let ticks: u64 = [11, 12].iter().filter_map(|&at| fields.get(at)?.parse::<u64>().ok()).sum();
    ticks as f64 / rustix::param::clock_ticks_per_second() as f64
}

/// Resident memory of a process in bytes.
///
/// # Panics
/// When there is no such process.
pub fn rss_bytes(pid: u32) -> u64 {
    status_bytes(pid, "VmRSS:")
}

/// The most resident memory that a process has ever had, in bytes.
///
/// # Panics
/// When there is no such process.
pub fn peak_rss_bytes(pid: u32) -> u64 {
    status_bytes(pid, "VmHWM:")
}

fn status_bytes(pid: u32, field: &str) -> u64 {
    let status = read_proc(pid, "status");
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    let kilobytes = line.and_then(|rest| rest.trim().trim_end_matches("kB").trim().parse::<u64>().ok());
    kilobytes.unwrap_or_else(|| panic!("process {pid} has ended: it has no {field}")) * 1024
}

fn read_proc(pid: u32, file: &str) -> String {
    let path = format!("/proc/{pid}/{file}");
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    #[test]
    fn own_figures_are_plausible() {
        let me = std::process::id();
        let before = cpu_seconds(me);
        let end = Instant::now() + Duration::from_millis(200);
        while Instant::now() < end {
            std::hint::spin_loop();
        }
        assert!(cpu_seconds(me) > before, "busy for 200 ms, still {before} s");
        let rss = rss_bytes(me);
        assert!(rss > 100_000 && rss <= peak_rss_bytes(me), "{rss}");
    }

    #[test]
    fn a_started_process_is_ended_by_a_signal_and_keeps_its_id() {
        let mut child = spawn(Path::new("/bin/sleep"), |command| {
            command.arg("60");
        })
        .unwrap();
        assert!(crate::wait_until(Duration::from_secs(5), || read_proc(child.id(), "comm").trim() == "sleep"));
        signal(child.id(), Signal::TERM);
        assert!(!child.wait().unwrap().success());
    }

    #[test]
    fn a_program_that_is_not_there_is_an_error() {
        let error = spawn(Path::new("/no/such/program"), |_| {}).unwrap_err();
        assert!(error.to_string().contains("/no/such/program"));
    }
}
