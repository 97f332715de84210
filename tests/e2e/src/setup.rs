//! How a run is started, waited for and ended.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use testkit::keyferry::Finished;
use testkit::process::Signal;
use testkit::{Keyferry, Running, Server, wait_until};

/// Generous: a debug build beside others on a small machine. A test that hangs fails all the same.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// The seed of this run: `KEYFERRY_SEED`, or a random one. The testkit prints what it is given.
pub(crate) fn seed() -> u64 {
    let given = std::env::var("KEYFERRY_SEED").ok();
    given.map_or_else(rand::random, |text| text.parse().expect("KEYFERRY_SEED is a number"))
}

/// Whether the random tests may take minutes.
pub(crate) fn soaks() -> bool {
    std::env::var_os("KEYFERRY_SOAK").is_some()
}

/// `keyferry sync` between two URLs, with pages to ask and short pauses between attempts.
pub(crate) fn sync(source: &str, target: &str) -> Keyferry {
    with_defaults(Keyferry::sync(&[source, target]))
}

/// `keyferry sync` between two servers.
pub(crate) fn between(source: &Server, target: &Server) -> Keyferry {
    sync(&source.url(), &target.url())
}

fn with_defaults(keyferry: Keyferry) -> Keyferry {
    keyferry
        .args(&["--progress-interval", "1s"])
        .args(&["--set", "timeouts.backoff_min=20ms", "--set", "timeouts.backoff_max=200ms"])
        .http("--listen")
}

/// A settings file in a folder of its own, which lives as long as this value.
#[derive(Debug)]
pub(crate) struct SettingsFile {
    dir: TempDir,
}

impl SettingsFile {
    /// A file with both URLs, and this text after them.
    pub(crate) fn new(source: &str, target: &str, text: &str) -> SettingsFile {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let text = format!("source.url = \"{source}\"\ntarget.url = \"{target}\"\n{text}\n");
        std::fs::write(dir.path().join("migration.toml"), text).expect("the folder can be written");
        SettingsFile { dir }
    }

    /// Its path.
    pub(crate) fn path(&self) -> PathBuf {
        self.dir.path().join("migration.toml")
    }

    /// `keyferry sync` with this file.
    pub(crate) fn sync(&self) -> Keyferry {
        with_defaults(Keyferry::sync(&[&self.path().display().to_string()]))
    }
}

/// What `/status` says.
#[track_caller]
pub(crate) fn status(sync: &Running) -> Value {
    let answer = sync.http_get("/status").expect("the pages are served while it runs");
    serde_json::from_str(&answer.body).expect("/status is JSON")
}

/// The source's offset up to which everything is applied, as `/status` has it; `None` where nobody answers.
pub(crate) fn frontier(sync: &Running) -> Option<u64> {
    let status: Value = serde_json::from_str(&sync.http_get("/status").ok()?.body).ok()?;
    status["lag"]["frontier_offset"].as_u64()
}

/// Waits until everything that the source has written so far is applied.
#[track_caller]
pub(crate) fn wait_applied(source: &Server, sync: &Running) {
    let goal = source.repl_offset();
    let start = std::time::Instant::now();
    sync.wait_ready(LONG);
    let applied = wait_until(LONG, || sync.exit_status().is_some() || frontier(sync) >= Some(goal));
    assert!(sync.exit_status().is_none(), "it ended:\n{}", sync.stderr());
    println!("applied after {:?}", start.elapsed());
    assert!(applied, "offset {goal} is not reached in time; status: {:#}\n{}", status(sync), sync.stderr());
}

/// Tells it to stop, and expects that it does so well.
#[track_caller]
pub(crate) fn stop(sync: &Running) {
    sync.signal(Signal::TERM);
    let code = sync.wait(LONG).code();
    assert_eq!(code, Some(0), "stdout:\n{}\nstderr:\n{}", sync.stdout(), sync.stderr());
}

/// Waits for a run to end well.
#[track_caller]
pub(crate) fn done(keyferry: Keyferry) -> Finished {
    let finished = keyferry.run(LONG);
    assert_eq!(finished.code, Some(0), "stdout:\n{}\nstderr:\n{}", finished.stdout, finished.stderr);
    finished
}

/// Waits for a run to fail with this code, and that it says why.
#[track_caller]
pub(crate) fn fails(finished: &Finished, code: i32, said: &[&str]) {
    let Finished { stdout, stderr, .. } = finished;
    assert_eq!(finished.code, Some(code), "stdout:\n{stdout}\nstderr:\n{stderr}");
    for text in said {
        assert!(stderr.contains(text), "`{text}` is not said:\n{stderr}");
    }
}

/// The error of a run that ended: its last words.
#[track_caller]
pub(crate) fn ended(sync: &Running) -> Finished {
    let code = sync.wait(LONG).code();
    Finished { code, stdout: sync.stdout(), stderr: sync.stderr() }
}

/// Waits until a condition holds, or fails with what it was and what the program said.
#[track_caller]
pub(crate) fn expect(what: &str, sync: &Running, condition: impl FnMut() -> bool) {
    let holds = wait_until(LONG, condition);
    assert!(holds, "{what}: not in time\nstdout:\n{}\nstderr:\n{}", sync.stdout(), sync.stderr());
}

/// Whether its pages answer.
pub(crate) fn is_reachable(sync: &Running) -> bool {
    sync.http_get("/healthz").is_ok_and(|answer| answer.status == 200)
}

/// The phase that it is in, in words.
#[track_caller]
pub(crate) fn phase(sync: &Running) -> String {
    status(sync)["phase"].as_str().expect("the phase is a word").to_owned()
}
