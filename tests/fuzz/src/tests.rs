use std::fs;
use std::path::Path;

/// Checks every file of a target's corpus, and each of its first halves.
fn replay(target: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    let mut count = 0;
    for entry in fs::read_dir(&folder).expect("the corpus is part of the repository") {
        let path = entry.expect("a folder's entry").path();
        let data = fs::read(&path).expect("a seed is a file");
        // Seen where the check fails.
        eprintln!("{}", path.display());
        check(&data);
        check(&data[..data.len() / 2]);
        count += 1;
    }
    assert!(count > 0, "no seed in {}", folder.display());
}

#[test]
fn corpora_hold() {
    replay("resp", crate::resp::check);
    replay("psync", crate::psync::check);
    replay("rdb", crate::rdb::check);
}
