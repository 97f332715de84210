//! What every task of one migration shares.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use commands::Table;
use record::Offset;
use route::rules::Rules;
use settings::Settings;
use telemetry::{Phase, Progress};
use tokio_util::sync::CancellationToken;

use crate::Error;
use crate::batch::Batch;
use crate::budget::Budget;
use crate::copies::Copies;
use crate::dialect::{Dialect, Words};
use crate::ends::{AtSource, AtTarget};
use crate::frontier::SharedFrontier;
use crate::phases::Phases;
use crate::restore::Understands;
use crate::throttle::Throttle;

/// What every task of one migration shares.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) settings: Arc<Settings>,
    pub(crate) progress: Arc<Progress>,
    phases: Phases,
    pub(crate) rules: Rules,
    /// What the target takes.
    pub(crate) understands: Understands,
    /// What has to be said differently on the target.
    pub(crate) dialect: Dialect,
    /// How many milliseconds the source's clock is ahead of ours.
    pub(crate) source_ahead_ms: i64,
    /// Which run of which server the target was at the beginning; `None` where it does not tell.
    pub(crate) target_run: Option<String>,
    pub(crate) rdb_limits: rdb::Limits,
    /// The commands that we know, and those that the source's own table adds.
    pub(crate) table: Table,
    pub(crate) frontier: SharedFrontier,
    pub(crate) budget: Budget,
    pub(crate) throttle: Throttle,
    pub(crate) copies: Copies,
    /// Bytes sent and not acknowledged, by the lanes' numbers.
    in_flight: Mutex<Vec<u64>>,
    /// A snapshot has been read to its end, if not yet applied.
    pub(crate) snapshot_read: AtomicBool,
    /// Told to stop: the source is read no further, the lanes drain.
    pub(crate) stop: CancellationToken,
}

// === impl Shared ===

impl Shared {
    /// What tasks share before any of them has begun.
    pub(crate) fn new(
        settings: Arc<Settings>,
        progress: Arc<Progress>,
        (source, target): (AtSource, AtTarget),
        stop: CancellationToken,
    ) -> Result<Shared, Error> {
        let rules = Rules::compile(settings.rules.clone()).map_err(|error| Error::Internal(error.to_string()))?;
        let opaque_bytes_max = usize::try_from(settings.limits.value_bytes_max).unwrap_or(usize::MAX);
        Ok(Shared {
            throttle: Throttle::new(settings.limits.commands_per_second, settings.limits.bytes_per_second),
            rdb_limits: rdb::Limits { opaque_bytes_max, ..rdb::Limits::default() },
            settings,
            progress,
            phases: Phases::default(),
            rules,
            dialect: Dialect::between(
                source.version,
                (target.understands.dialect.major, target.understands.dialect.minor),
            ),
            source_ahead_ms: source.ahead_ms,
            table: source.table,
            understands: target.understands,
            target_run: target.run_id,
            frontier: SharedFrontier::new(),
            budget: Budget::default(),
            copies: Copies::default(),
            in_flight: Mutex::new(Vec::new()),
            snapshot_read: AtomicBool::new(false),
            stop,
        })
    }

    /// The run has come this far.
    pub(crate) fn enter(&self, phase: Phase) {
        self.phases.enter(phase, &self.progress);
    }

    /// How far the run has come, whatever link is lost.
    pub(crate) fn phase(&self) -> Phase {
        self.phases.run()
    }

    /// The link to the source is lost, or stands again.
    pub(crate) fn source_lost(&self, lost: bool) {
        self.phases.source_lost(lost, &self.progress);
    }

    /// A lane's link to the target is lost, or stands again.
    pub(crate) fn lane_lost(&self, lost: bool) {
        self.phases.lane_lost(lost, &self.progress);
    }

    /// A command of the stream as the target takes it, where that is not as it came.
    pub(crate) fn translate<'a>(&self, args: &[&'a [u8]]) -> Option<Words<'a>> {
        if self.dialect.is_identity() {
            return None;
        }
        let ours = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let now_ms = u64::try_from(ours).unwrap_or(u64::MAX).saturating_add_signed(self.source_ahead_ms);
        self.dialect.translate(args, now_ms)
    }

    /// Of lanes with this number, one has so many bytes in flight that had so many before.
    pub(crate) fn in_flight(&self, number: usize, before: u64, now: u64) {
        // Poisoned only by a panic within these lines, which have none.
        let mut all = self.in_flight.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() <= number {
            all.resize(number + 1, 0);
        }
        if let Some(sum) = all.get_mut(number) {
            *sum = (*sum + now).saturating_sub(before);
            self.progress.in_flight(number, *sum);
        }
    }

    /// A snapshot begins.
    pub(crate) fn snapshot_begins(&self) {
        self.snapshot_read.store(false, Ordering::Release);
    }

    /// The snapshot has been read to its end: the frontier leaves 0 once it is applied.
    pub(crate) fn snapshot_is_read(&self) {
        self.snapshot_read.store(true, Ordering::Release);
    }

    /// Whether a snapshot has been read and is applied.
    pub(crate) fn snapshot_is_applied(&self) -> bool {
        // A snapshot at offset 0 does not move the frontier.
        let applied = self.frontier.current() > Offset(0) || self.budget.held() == 0;
        self.snapshot_read.load(Ordering::Acquire) && applied
    }

    /// Books the memory of a batch on its way to the target.
    pub(crate) fn hold(&self, batch: &mut Batch) {
        batch.held = batch.held_bytes();
        let held = self.budget.hold(batch.held);
        self.progress.backlog(held as u64);
    }

    /// Gives the memory of a batch back that is applied.
    pub(crate) fn release(&self, batch: &Batch) {
        self.budget.release(batch.held);
        self.progress.backlog(self.budget.held() as u64);
    }
}

#[cfg(test)]
impl Shared {
    /// What tasks would share under these settings, given as dotted paths and values.
    pub(crate) fn of_settings(given: &[(&str, &str)]) -> Arc<Shared> {
        let flag = |(path, value): &(&str, &str)| settings::Flag {
            name: (*path).to_owned(),
            path: (*path).to_owned(),
            values: vec![(*value).to_owned()],
        };
        let ends = [("source.url", "redis://source"), ("target.url", "redis://target")];
        let flags: Vec<settings::Flag> = ends.iter().chain(given).map(flag).collect();
        let input = settings::Input { file: None, flags: &flags };
        let settings = Arc::new(settings::load(&input, &settings::Given::default()).unwrap());
        let progress = Arc::new(Progress::new(&settings, std::time::Instant::now()));
        let source = AtSource { table: Table::builtin(), version: (7, 0), ahead_ms: 0 };
        let target = AtTarget { understands: Understands::of_version("7.0.15"), run_id: None };
        Arc::new(Shared::new(settings, progress, (source, target), CancellationToken::new()).unwrap())
    }
}
