//! What a process has cost so far, from `/proc`.

use std::fs;

use anyhow::{Context as _, Result, ensure};

/// `/proc/<pid>/stat` as far as it is of use here. proc(5) counts its fields from 1; `state` is the third.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Usage {
    /// Processor time in seconds, user and kernel mode, all threads.
    pub(crate) own_s: f64,
    /// The same of children that have ended and were waited for, such as BGSAVE's.
    pub(crate) children_s: f64,
    /// Whether the process has ended and only its figures are left.
    pub(crate) ended: bool,
}

impl Usage {
    /// Figures of a process that runs, or that has ended and was not yet waited for.
    ///
    /// # Errors
    /// When there is no such process.
    pub(crate) fn of(pid: u32) -> Result<Usage> {
        let path = format!("/proc/{pid}/stat");
        let stat = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
        Usage::parse(&stat, rustix::param::clock_ticks_per_second())
    }

    /// Own time and that of ended children, in seconds.
    pub(crate) fn total_s(&self) -> f64 {
        self.own_s + self.children_s
    }

    fn parse(stat: &str, ticks_per_second: u64) -> Result<Usage> {
        // The name, in parentheses, may hold spaces and parentheses itself.
        let (_, fields) = stat.rsplit_once(')').context("no process name in stat")?;
        let fields: Vec<&str> = fields.split_ascii_whitespace().collect();
        ensure!(fields.len() > 14, "stat is too short: {stat}");
        let seconds = |at: usize| -> Result<f64> {
            let ticks: u64 = fields[at].parse().with_context(|| format!("field {} of stat: {stat}", at + 3))?;
            Ok(ticks as f64 / ticks_per_second as f64)
        };
        Ok(Usage {
            own_s: seconds(11)? + seconds(12)?,
            children_s: seconds(13)? + seconds(14)?,
            ended: matches!(fields[0], "Z" | "X"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;
    use std::thread;
    use std::time::{Duration, Instant};

    #[test]
    fn stat_is_read_from_behind_the_name() {
        let stat = "7 (a b) c) S 1 7 7 0 -1 4194560 9 8 0 0 150 50 25 75 20 0 1 0 5 0 0";
        assert_eq!(Usage::parse(stat, 100).unwrap(), Usage { own_s: 2.0, children_s: 1.0, ended: false });
        assert!(Usage::parse(&stat.replace(" S ", " Z "), 100).unwrap().ended);
        for bad in ["", "7 (a) S 1 7", "7 (a) S 1 7 7 0 -1 4194560 9 8 0 0 x 50 25 75 20 0 1"] {
            assert!(Usage::parse(bad, 100).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_child_counts_once_it_has_been_waited_for_and_is_seen_to_have_ended() {
        let busy = "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done";
        let mut child = Command::new("/bin/sh").args(["-c", busy]).spawn().unwrap();
        let end = Instant::now() + Duration::from_secs(30);
        while !Usage::of(child.id()).unwrap().ended {
            assert!(Instant::now() < end, "it does not end");
            thread::sleep(Duration::from_millis(5));
        }
        let childs = Usage::of(child.id()).unwrap().own_s;
        assert!(childs > 0.0);
        let before = Usage::of(std::process::id()).unwrap().children_s;
        child.wait().unwrap();
        let counted = Usage::of(std::process::id()).unwrap().children_s - before;
        assert!(counted >= childs - 0.02, "{counted} of {childs}");
    }
}
