//! The source's data as a file of RESTORE commands, for `redis-cli --pipe`.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use anyhow::{Context as _, Result};
use testkit::Server;
use testkit::redis::{cmd, pipe};

use crate::tools::client;

/// Writes one RESTORE for each key of database 0. Deadlines are left out: the data set has none.
///
/// # Errors
/// When the server or the file system refuses, or a key goes away meanwhile.
pub(crate) fn write(source: &Server, path: &Path) -> Result<()> {
    let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
    let mut file = BufWriter::with_capacity(1 << 20, file);
    let mut client = client(source)?;
    let mut cursor = 0;
    loop {
        let (next, keys): (u64, Vec<Vec<u8>>) = cmd("SCAN").arg(cursor).arg("COUNT").arg(1000).query(&mut client)?;
        let mut dumps = pipe();
        for key in &keys {
            dumps.cmd("DUMP").arg(key);
        }
        let payloads: Vec<Vec<u8>> = dumps.query(&mut client)?;
        for (key, payload) in keys.iter().zip(&payloads) {
            // REPLACE, since SCAN may show a key twice.
            let restore = cmd("RESTORE").arg(key).arg(0).arg(payload).arg("REPLACE").get_packed_command();
            file.write_all(&restore)?;
        }
        if next == 0 {
            break;
        }
        cursor = next;
    }
    file.flush()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Shape, fill};
    use crate::digest;
    use crate::follower::Follower;
    use crate::tools::{server, wait_for};

    #[test]
    fn the_file_carries_everything() {
        let (source, target) = (server(), server());
        let shape = Shape { strings: 2_500, hashes: 20, sorted_sets: 20, lists: 20 };
        fill(&mut client(&source).unwrap(), shape, 1).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("restores");
        write(&source, &file).unwrap();
        let pipe = Follower::pipe(&source, &target, &file).unwrap();
        wait_for("the end", || pipe.is_following()).unwrap();
        pipe.end().unwrap();
        digest::ensure_equal(&digest::digest(&source).unwrap(), &target).unwrap();
    }
}
