//! Where and with what was measured, for the report.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;

use serde::Serialize;
use testkit::Server;

use crate::follower::Program;

/// The circumstances of a run.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Machine {
    pub(crate) cores: usize,
    pub(crate) processor: String,
    pub(crate) kernel: String,
    pub(crate) memory_mib: u64,
    /// Runnable processes over the last minute before it began. More than a few tenths: others disturbed it.
    pub(crate) load_before: f64,
    pub(crate) server: String,
    /// What `keyferry --version` says, where keyferry ran.
    pub(crate) keyferry: Option<String>,
}

impl Machine {
    /// Looks around. What the system does not tell is left empty: it explains figures and is none itself.
    pub(crate) fn look(server: &Server, keyferry: Option<&Program>) -> Machine {
        let field = |path: &str, name: &str| {
            let text = fs::read_to_string(path).unwrap_or_default();
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.trim_start().strip_prefix(':'));
            line.unwrap_or_default().trim().to_owned()
        };
        let memory = field("/proc/meminfo", "MemTotal");
        let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
        Machine {
            cores: thread::available_parallelism().map_or(0, usize::from),
            processor: field("/proc/cpuinfo", "model name"),
            kernel: fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim().to_owned(),
            memory_mib: first_number(&memory) as u64 / 1024,
            load_before: first_number(&load),
            server: format!("redis {}", server.info("redis_version")),
            keyferry: keyferry.map(|keyferry| version(&keyferry.path)),
        }
    }
}

fn first_number(text: &str) -> f64 {
    text.split_ascii_whitespace().next().and_then(|word| word.parse().ok()).unwrap_or_default()
}

fn version(program: &Path) -> String {
    let output = Command::new(program).arg("--version").output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tools::server;

    #[test]
    fn circumstances_are_found() {
        let program = Program { path: "/usr/bin/setpriv".into(), args: Vec::new() };
        let machine = Machine::look(&server(), Some(&program));
        assert!(machine.cores > 0 && machine.memory_mib > 0, "{machine:?}");
        assert!(machine.server.starts_with("redis 7.0"), "{machine:?}");
        assert!(machine.keyferry.as_deref().is_some_and(|version| version.contains("util-linux")), "{machine:?}");
    }
}
