//! Finds the program that belongs to the tests that are running, and sees to it that it is up to date.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::SystemTime;
use std::{env, fs};

/// The path of the `keyferry` binary.
///
/// `KEYFERRY_BINARY` names it outright. Else it is the one beside the running test, in the same profile; cargo tells
/// a test of another package nothing about it, so that it may be absent or older than its sources. Then
/// `cargo build -p keyferry` makes it, once per process.
///
/// # Panics
/// When it cannot be built; the message holds what cargo said.
pub fn keyferry_binary() -> PathBuf {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(find_or_build).clone()
}

fn find_or_build() -> PathBuf {
    if let Some(path) = env::var_os("KEYFERRY_BINARY") {
        return PathBuf::from(path);
    }
    let folder = profile_folder(&env::current_exe().expect("the running test has a path"));
    let binary = folder.join("keyferry");
    if !is_fresh(&binary, &folder.join("keyferry.d")) {
        build(&folder);
    }
    assert!(binary.is_file(), "cargo built keyferry, but not at {}: set KEYFERRY_BINARY", binary.display());
    binary
}

/// `target/<profile>`, from a test's path in its `deps` or from a program's path directly in it.
fn profile_folder(exe: &Path) -> PathBuf {
    let folder = exe.parent().expect("a program is in a folder");
    let inner = ["deps", "examples"].iter().any(|name| folder.ends_with(name));
    if inner { folder.parent().expect("deps is in a folder") } else { folder }.to_owned()
}

/// Whether the binary is newer than every source that cargo lists beside it.
fn is_fresh(binary: &Path, dep_info: &Path) -> bool {
    let modified = |path: &Path| fs::metadata(path).and_then(|data| data.modified()).ok();
    let (Some(built), Ok(listed)) = (modified(binary), fs::read_to_string(dep_info)) else { return false };
    let is_older = |source: &str| modified(Path::new(source)).is_some_and(|changed: SystemTime| changed <= built);
    let sources = listed.split_once(": ").map(|(_, sources)| sources).unwrap_or_default();
    // A path with a space in it is written with a backslash. It is then not found, and cargo decides.
    !sources.is_empty() && sources.split_ascii_whitespace().all(is_older)
}

fn build(profile_folder: &Path) {
    let profile = profile_folder.file_name().and_then(|name| name.to_str()).unwrap_or("debug");
    let profile = if profile == "debug" { "dev" } else { profile };
    let target = profile_folder.parent().expect("a profile's folder is in the target folder");
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--quiet", "-p", "keyferry", "--profile", profile]).arg("--target-dir").arg(target);
    let output = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).output().expect("cargo can be started");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "keyferry cannot be built:\n{errors}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::time::Duration;

    #[test]
    fn the_profile_folder_is_found_from_a_test_and_from_a_program() {
        let folder = PathBuf::from("/t/debug");
        assert_eq!(profile_folder(Path::new("/t/debug/deps/e2e-0123")), folder);
        assert_eq!(profile_folder(Path::new("/t/debug/load")), folder);
    }

    #[test]
    fn a_binary_is_stale_when_a_source_is_newer_or_its_sources_are_unknown() {
        let dir = tempfile::tempdir().unwrap();
        let [binary, dep_info, source] = ["keyferry", "keyferry.d", "main.rs"].map(|name| dir.path().join(name));
        assert!(!is_fresh(&binary, &dep_info));
        File::create(&source).unwrap();
        let built = File::create(&binary).unwrap();
        assert!(!is_fresh(&binary, &dep_info));
        fs::write(&dep_info, format!("{}: {}\n", binary.display(), source.display())).unwrap();
        let hour = Duration::from_secs(3600);
        built.set_modified(SystemTime::now() + hour).unwrap();
        assert!(is_fresh(&binary, &dep_info));
        built.set_modified(SystemTime::now() - hour).unwrap();
        assert!(!is_fresh(&binary, &dep_info));
        built.set_modified(SystemTime::now() + hour).unwrap();
        fs::remove_file(&source).unwrap();
        assert!(!is_fresh(&binary, &dep_info));
    }
}
