//! Which phase the run is in, told from several sides.
//!
//! The source's task and the monitor say how far the run has come; beside that the source's link and any lane's may be
//! lost for a while. What is shown is the loss while there is one. Each side changes only its own part, so none can
//! put back what another has changed meanwhile.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use telemetry::{Phase, Progress, Side};

/// The parts that make up the phase.
#[derive(Debug, Default)]
pub(crate) struct Phases(Mutex<Parts>);

#[derive(Clone, Copy, Debug, Default)]
struct Parts {
    run: Phase,
    source_lost: bool,
    lanes_lost: usize,
}

// === impl Phases ===

impl Phases {
    /// How far the run has come, whatever is lost.
    pub(crate) fn run(&self) -> Phase {
        self.lock().run
    }

    /// The run has come this far.
    pub(crate) fn enter(&self, phase: Phase, progress: &Progress) {
        self.change(progress, |parts| parts.run = phase);
    }

    /// The link to the source is lost, or stands again.
    pub(crate) fn source_lost(&self, lost: bool, progress: &Progress) {
        self.change(progress, |parts| parts.source_lost = lost);
    }

    /// One more lane has no link to the target, or one fewer.
    pub(crate) fn lane_lost(&self, lost: bool, progress: &Progress) {
        self.change(progress, |parts| {
            parts.lanes_lost = if lost { parts.lanes_lost + 1 } else { parts.lanes_lost.saturating_sub(1) };
        });
    }

    fn change(&self, progress: &Progress, change: impl FnOnce(&mut Parts)) {
        let mut parts = self.lock();
        change(&mut parts);
        // Under the lock, so that what is shown last is what was changed last.
        progress.phase(parts.shown(), Instant::now());
    }

    fn lock(&self) -> MutexGuard<'_, Parts> {
        // Poisoned only by a panic elsewhere: the parts are plain values, never half written.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Parts ===

impl Parts {
    fn shown(self) -> Phase {
        match self.run {
            Phase::Stopping | Phase::Done => self.run,
            _ if self.source_lost => Phase::Reconnecting { side: Side::Source },
            _ if self.lanes_lost > 0 => Phase::Reconnecting { side: Side::Target },
            _ => self.run,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_is_shown_while_it_lasts_and_then_how_far_the_run_has_come() {
        let (source, target) = (Phase::Reconnecting { side: Side::Source }, Phase::Reconnecting { side: Side::Target });
        for (run, source_lost, lanes_lost, shown) in [
            (Phase::Following, false, 0, Phase::Following),
            (Phase::Following, true, 0, source),
            (Phase::Following, true, 2, source),
            (Phase::CatchingUp, false, 1, target),
            (Phase::Stopping, true, 1, Phase::Stopping),
        ] {
            assert_eq!(Parts { run, source_lost, lanes_lost }.shown(), shown);
        }
    }
}
