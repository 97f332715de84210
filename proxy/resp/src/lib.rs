//! Reads and writes the Redis protocol, RESP2 and RESP3. No IO, no clock, no recursion, no allocation per command.
//!
//! Bytes that arrive are scanned where they lie: a [`CommandScanner`] finds the commands of a client or of a
//! replication stream, a [`ReplyScanner`] finds the replies of a server; both say how long the next one is and where
//! its parts are, and both take up where they stopped when a buffer has grown. Bytes that leave are written by
//! [`encode`]. "Not all there yet" is a value ([`Scanned::NeedMore`], [`ReplyStep::NeedMore`]); an [`Error`] means that
//! the peer does not speak the protocol, or asks for more than [`Limits`] allow, and that its connection is of no
//! further use.
//!
//! Reading order: [`Limits`], [`CommandScanner`], [`ReplyScanner`] and [`reply::children`], [`encode`], [`number`].
//!
//! Source of the protocol: the RESP specification of redis.io and of antirez/RESP3, and where they are silent the
//! servers' `networking.c` and `sds.c`.

pub mod command;
pub mod encode;
mod error;
mod header;
mod limits;
pub mod number;
pub mod reply;

pub use command::{CommandScanner, Scanned, Span};
pub use error::Error;
pub use limits::Limits;
pub use reply::{Aggregate, Reply, ReplyScanner, ReplyStep};
