//! What a run tells of itself: progress, metrics, logs. Never decides anything, and never holds a secret.
//!
//! The pipeline reports events to one [`Progress`], by methods named for what happened; they cost an atomic add,
//! and are meant to be called once a batch. Everyone who shows something asks for a [`Status`], the one picture of
//! the run: the status page prints it as JSON, the progress display draws it, and [`render`] makes the metrics of
//! it, so that no two displays can disagree. Every metric is defined once, in [`definitions`].

pub mod definitions;
pub mod log;

mod errors;
mod lag;
mod phase;
mod progress;
mod render;
mod status;

#[cfg(test)]
mod tests;

pub use errors::CODES;
pub use phase::{Phase, Side};
pub use progress::Progress;
pub use render::render;
pub use status::{
    ChangesStatus, LagStatus, LatencyStatus, PauseStatus, SnapshotStatus, SourceStatus, Status, TargetStatus,
};
