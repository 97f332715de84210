//! A contender at work: started, asked how far it is, ended.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;
use testkit::process::{Signal, peak_rss_bytes};
use testkit::redis::cmd;
use testkit::{Keyferry, Running, Server};

use crate::contender::Contender;
use crate::tools::{client, program, wait_for};
use crate::usage::Usage;

/// How long a follower that was told to stop may take for it.
const STOP_TIMEOUT: Duration = Duration::from_secs(60);

/// The program to measure, with further arguments for `sync`.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(crate) path: PathBuf,
    pub(crate) args: Vec<String>,
}

/// Something that brings the source's data to the target. A program is ended when this is dropped.
#[derive(Debug)]
pub(crate) struct Follower<'a> {
    source: &'a Server,
    target: &'a Server,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// The target does it.
    Native,
    /// A program that follows.
    Keyferry(Running),
    /// A program that ends when all is written.
    Pipe(Running),
}

impl<'a> Follower<'a> {
    /// The target replicates by itself.
    ///
    /// # Errors
    /// When the target refuses.
    pub(crate) fn native(source: &'a Server, target: &'a Server, diskless_load: bool) -> Result<Follower<'a>> {
        let mut client = client(target)?;
        if diskless_load {
            cmd("CONFIG").arg(&["SET", "repl-diskless-load", "on-empty-db"]).exec(&mut client)?;
        }
        cmd("REPLICAOF").arg("127.0.0.1").arg(source.port()).exec(&mut client)?;
        Ok(Follower { source, target, kind: Kind::Native })
    }

    /// `keyferry sync`, which carries the snapshot and follows.
    pub(crate) fn keyferry(source: &'a Server, target: &'a Server, keyferry: &Program) -> Follower<'a> {
        let further: Vec<&str> = keyferry.args.iter().map(String::as_str).collect();
        let command = Keyferry::program(keyferry.path.clone(), &["sync", &source.url(), &target.url()]).args(&further);
        Follower { source, target, kind: Kind::Keyferry(command.http("--listen").spawn()) }
    }

    /// `redis-cli --pipe` of a file of commands. The shell only connects the file, and becomes the program.
    ///
    /// # Errors
    /// When there is no such program, or the path of the file is not UTF-8.
    pub(crate) fn pipe(source: &'a Server, target: &'a Server, commands: &Path) -> Result<Follower<'a>> {
        let script = "exec \"$0\" -p \"$1\" --pipe < \"$2\"";
        let (cli, port) = (program("redis-cli")?, target.port().to_string());
        let words = [cli.to_str(), Some(&port), commands.to_str()];
        let words: Option<Vec<&str>> = words.into_iter().collect();
        let args = [vec!["-c", script], words.context("paths must be UTF-8")?].concat();
        Ok(Follower { source, target, kind: Kind::Pipe(Keyferry::program("/bin/sh".into(), &args).spawn()) })
    }

    /// A contender that follows; `None` for [`Contender::Alone`].
    ///
    /// # Errors
    /// When it does not start, or does not follow.
    pub(crate) fn start(
        contender: Contender,
        source: &'a Server,
        target: &'a Server,
        keyferry: Option<&Program>,
    ) -> Result<Option<Follower<'a>>> {
        match contender {
            Contender::Alone => Ok(None),
            Contender::Native => Follower::native(source, target, false).map(Some),
            Contender::NativeDiskless => Follower::native(source, target, true).map(Some),
            Contender::Keyferry => {
                let keyferry = keyferry.context("nobody said which keyferry to measure")?;
                Ok(Some(Follower::keyferry(source, target, keyferry)))
            }
            Contender::RestorePipe => bail!("{} does not follow", contender.name()),
        }
    }

    /// Whether it still runs, or has done all that it was to do.
    ///
    /// # Errors
    /// When a program that should follow has ended, with what it said.
    pub(crate) fn ensure_alive(&self) -> Result<()> {
        let Kind::Keyferry(running) = &self.kind else { return Ok(()) };
        // Not through its exit status: that would take the figures of an ended process away.
        ensure!(!Usage::of(running.pid())?.ended, "keyferry has ended by itself; it said:\n{}", said(running));
        Ok(())
    }

    /// Whether it has done with the snapshot and follows, or has ended where it does not follow.
    ///
    /// # Errors
    /// When it has failed.
    pub(crate) fn is_following(&self) -> Result<bool> {
        self.ensure_alive()?;
        Ok(match &self.kind {
            Kind::Native => self.target.info("master_link_status") == "up",
            // It may not listen yet.
            Kind::Keyferry(running) => running.http_get("/readyz").is_ok_and(|page| page.status == 200),
            Kind::Pipe(running) => Usage::of(running.pid())?.ended,
        })
    }

    /// Up to which offset of the source's stream the target has applied it.
    ///
    /// # Errors
    /// When it has failed, or does not follow.
    pub(crate) fn offset(&self) -> Result<u64> {
        self.ensure_alive()?;
        match &self.kind {
            Kind::Native => Ok(self.target.repl_offset()),
            Kind::Keyferry(running) => {
                let status: Value = serde_json::from_str(&running.http_get("/status")?.body)?;
                status["lag"]["frontier_offset"].as_u64().context("no lag.frontier_offset in /status")
            }
            Kind::Pipe(_) => bail!("a pipe does not follow"),
        }
    }

    /// Waits until the target has all that the source has now.
    ///
    /// # Errors
    /// When the follower fails, or it takes forever.
    pub(crate) fn wait_caught_up(&self) -> Result<()> {
        let offset = self.source.repl_offset();
        let keys: u64 = self.source.run(&["DBSIZE"]);
        wait_for("the target has what the source has", || {
            Ok(self.offset()? >= offset && self.target.run::<u64>(&["DBSIZE"]) == keys)
        })
    }

    /// Processor time in seconds that its own program has used; `None` where the target does the work.
    ///
    /// # Errors
    /// When the program is gone.
    pub(crate) fn cpu_s(&self) -> Result<Option<f64>> {
        match &self.kind {
            Kind::Native => Ok(None),
            Kind::Keyferry(running) | Kind::Pipe(running) => Ok(Some(Usage::of(running.pid())?.total_s())),
        }
    }

    /// The most memory that keyferry has had, in MiB. Nothing is known of a program that has ended.
    ///
    /// # Errors
    /// When it has ended by itself.
    pub(crate) fn peak_rss_mib(&self) -> Result<Option<f64>> {
        self.ensure_alive()?;
        match &self.kind {
            Kind::Keyferry(running) => Ok(Some(peak_rss_bytes(running.pid()) as f64 / f64::from(1 << 20))),
            Kind::Native | Kind::Pipe(_) => Ok(None),
        }
    }

    /// Ends it in order.
    ///
    /// # Errors
    /// When it does not end, or not well.
    pub(crate) fn end(self) -> Result<()> {
        match self.kind {
            Kind::Native => cmd("REPLICAOF").arg("NO").arg("ONE").exec(&mut client(self.target)?)?,
            Kind::Keyferry(running) => {
                running.signal(Signal::TERM);
                let status = running.wait(STOP_TIMEOUT);
                ensure!(status.success(), "keyferry ended with {status}; it said:\n{}", said(&running));
            }
            Kind::Pipe(running) => {
                let status = running.wait(STOP_TIMEOUT);
                let clean = status.success() && running.stdout().contains("errors: 0");
                ensure!(clean, "redis-cli ended with {status}; it said:\n{}", said(&running));
            }
        }
        Ok(())
    }
}

fn said(running: &Running) -> String {
    format!("{}\n{}", running.stdout(), running.stderr())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tools::server;

    #[test]
    fn a_native_follower_catches_up_and_lets_go_when_ended() {
        let (source, target) = (server(), server());
        source.run::<()>(&["SET", "k", "v"]);
        let follower = Follower::native(&source, &target, false).unwrap();
        wait_for("it follows", || follower.is_following()).unwrap();
        source.run::<()>(&["SET", "l", "w"]);
        follower.wait_caught_up().unwrap();
        assert_eq!(target.run::<String>(&["GET", "l"]), "w");
        assert_eq!((follower.cpu_s().unwrap(), follower.peak_rss_mib().unwrap()), (None, None));
        follower.end().unwrap();
        assert_eq!(target.info("role"), "master");
    }

    #[test]
    fn keyferry_catches_up_tells_its_cost_and_ends_in_order() {
        let (source, target) = (server(), server());
        source.run::<()>(&["SET", "k", "v"]);
        let keyferry = Program { path: testkit::keyferry_binary(), args: vec!["--lanes".into(), "2".into()] };
        let follower = Follower::keyferry(&source, &target, &keyferry);
        wait_for("it follows", || follower.is_following()).unwrap();
        source.run::<()>(&["SET", "l", "w"]);
        follower.wait_caught_up().unwrap();
        assert_eq!(target.run::<String>(&["GET", "l"]), "w");
        assert!(follower.cpu_s().unwrap().is_some());
        assert!(follower.peak_rss_mib().unwrap().is_some_and(|mib| mib > 1.0));
        follower.end().unwrap();
    }

    #[test]
    fn a_keyferry_that_ends_by_itself_is_an_error_with_what_it_said() {
        let (source, target) = (server(), server());
        let dir = tempfile::tempdir().unwrap();
        let script = dir.path().join("keyferry");
        std::fs::write(&script, "#!/bin/sh\necho cannot >&2\nexit 69\n").unwrap();
        let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(&script, executable).unwrap();
        let follower = Follower::keyferry(&source, &target, &Program { path: script, args: Vec::new() });
        let error = wait_for("it follows", || follower.is_following()).unwrap_err();
        let error = format!("{error:#}");
        assert!(error.contains("keyferry has ended by itself") && error.contains("cannot"), "{error}");
    }
}
