//! SIGINT and SIGTERM: the first asks for an end, the second does not ask.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The signals, from this moment on ours: none of them kills the process any more.
#[derive(Debug)]
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Takes the signals over.
    pub(crate) fn take() -> std::io::Result<Signals> {
        Ok(Signals { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// Cancels `stop` at the first signal and ends the process at the second, with the code that a shell gives a
    /// process that died of it.
    pub(crate) async fn watch(mut self, stop: CancellationToken) {
        let (name, _) = self.next().await;
        tracing::warn!(signal = name, "told to stop: what was read is still applied; a second signal ends at once");
        stop.cancel();
        let (name, code) = self.next().await;
        tracing::error!(signal = name, "ended at once, as told; what was not applied yet is not on the target");
        std::process::exit(code);
    }

    async fn next(&mut self) -> (&'static str, i32) {
        // Losing a branch loses nothing: a signal stays pending within its stream.
        tokio::select! {
            _ = self.interrupt.recv() => ("SIGINT", 130),
            _ = self.terminate.recv() => ("SIGTERM", 143),
        }
    }
}
