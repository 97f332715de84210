//! The HTTP pages of a run: what it does, to people, monitors and schedulers. Never changes anything.
//!
//! | page | answers |
//! |---|---|
//! | `/` | the list of pages, as text |
//! | `/status` | the run's [`Status`](telemetry::Status), as JSON |
//! | `/metrics` | the same, in the text format of Prometheus |
//! | `/healthz` | 200: the process is alive |
//! | `/readyz` | 200 once the target has caught up, else 503 and why not |
//!
//! None of them holds a secret. They are made anew from [`Progress`] at each request, so that a page costs the run
//! nothing while nobody looks.

mod pages;

#[cfg(test)]
mod tests;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use telemetry::Progress;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Pages that cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing listens: the address is taken, not ours, or needs a right we lack.
    #[error("cannot serve the HTTP pages on {address} (admin.listen): {cause}")]
    Bind { address: SocketAddr, cause: io::Error },
    /// The listener broke while serving.
    #[error("the HTTP pages on {address} ended: {cause}")]
    Serve { address: SocketAddr, cause: io::Error },
}

/// Pages whose address is ours already: errors of it are known before the run begins.
#[derive(Debug)]
pub struct Console {
    listener: TcpListener,
    address: SocketAddr,
}

impl Console {
    /// How long a page that is being sent may delay the end of a run.
    pub const END_WITHIN: Duration = Duration::from_secs(1);

    /// Takes the address. Port 0 takes a free one; [`Console::address`] tells which.
    pub async fn bind(address: SocketAddr) -> Result<Console, Error> {
        let bound = |cause| Error::Bind { address, cause };
        let listener = TcpListener::bind(address).await.map_err(bound)?;
        let address = listener.local_addr().map_err(bound)?;
        Ok(Console { listener, address })
    }

    /// Where the pages are.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop`; then pages that are being sent have [`Console::END_WITHIN`] to end.
    pub async fn serve(self, progress: Arc<Progress>, stop: CancellationToken) -> Result<(), Error> {
        let address = self.address;
        let stopped = stop.clone();
        let server = axum::serve(self.listener, pages::router(progress))
            .with_graceful_shutdown(async move { stopped.cancelled().await });
        // Losing the server branch closes its connections; nothing of the run depends on them.
        tokio::select! {
            result = async { server.await } => result.map_err(|cause| Error::Serve { address, cause }),
            () = async { stop.cancelled().await; tokio::time::sleep(Console::END_WITHIN).await } => Ok(()),
        }
    }
}
