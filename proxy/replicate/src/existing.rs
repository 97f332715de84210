//! Asks the target whether it has a key already, where that matters before the first command for the key is sent.
//!
//! A whole value needs no question: `RESTORE` without `REPLACE` answers `BUSYKEY`. Plain commands would add to what is there.

use link::Connection;
use record::Db;
use settings::OnExisting;

use crate::Error;
use crate::shared::Shared;

/// A connection to the target for such questions, opened with the first.
#[derive(Debug, Default)]
pub(crate) struct Existing {
    connection: Option<Connection>,
}

// === impl Existing ===

impl Existing {
    /// Whether a key of the snapshot may be written: false is to be skipped.
    pub(crate) async fn admits(&mut self, shared: &Shared, db: Db, key: &[u8]) -> Result<bool, Error> {
        match shared.settings.target.on_existing {
            OnExisting::Replace => Ok(true),
            OnExisting::Skip if self.has(shared, db, key).await? => {
                shared.progress.entries_skipped(1);
                Ok(false)
            }
            OnExisting::Error if self.has(shared, db, key).await? => Err(Error::Exists { db, key: key.to_vec() }),
            OnExisting::Skip | OnExisting::Error => Ok(true),
        }
    }

    async fn has(&mut self, shared: &Shared, db: Db, key: &[u8]) -> Result<bool, Error> {
        let failed = |error: link::Error| Error::Target { reason: error.to_string() };
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => crate::ends::open_target(&shared.settings, "exists").await.map_err(failed)?,
        };
        let digits = resp::number::Digits::of(u64::from(db.0));
        let commands = [vec![&b"SELECT"[..], digits.as_bytes()], vec![b"EXISTS", key]];
        let replies = connection.pipeline(&commands).await.map_err(failed)?;
        self.connection = Some(connection);
        match replies.iter().find_map(link::Reply::error) {
            Some(error) => Err(Error::Target { reason: format!("EXISTS was refused: {error}") }),
            None => Ok(replies.last().and_then(link::Reply::as_int) == Some(1)),
        }
    }
}
