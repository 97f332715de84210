//! The program as a shell sees it: output, exit codes, and no secret in either.

mod servers;

use std::process::{Command, Output};

fn keyferry(words: &[&str], env: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keyferry"));
    command.args(words).env_remove("KEYFERRY_LOG").envs(env.iter().copied());
    command.output().unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// A port of this machine on which nobody listens.
fn closed_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn help_says_what_it_does_and_lists_the_exit_codes() {
    let help = keyferry(&["--help"], &[]);
    assert_eq!(code(&help), 0);
    for said in ["sync", "check", "Exit codes:", "64", "130"] {
        assert!(text(&help).contains(said), "{said} is not in\n{}", text(&help));
    }
    let sync = keyferry(&["sync", "--help"], &[]);
    assert!(code(&sync) == 0 && text(&sync).contains("keyferry sync redis://old:6379 redis://new:6379"));
}

#[test]
fn the_exit_code_says_what_kind_of_end_it_was() {
    let closed = format!("redis://127.0.0.1:{}", closed_port());
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    for (words, expected, said) in [
        (&["--version"][..], 0, "keyferry"),
        (&[], 64, "Usage"),
        (&["sync"], 64, "SOURCE"),
        (&["sync", "redis://a", "redis://b", "--nonsense"], 64, "--nonsense"),
        (&["sync", "redis://a", "redis://b", "--snapshot-only", "--until-caught-up"], 64, "cannot be used with"),
        (&["sync", "redis://a", "redis://b", "--progress-interval", "1us"], 64, "at least 100ms"),
        (&["sync", "redis://a", "redis://b", "--skip-check", "yes"], 64, "start-without-check"),
        (&["sync", "redis://a", "redis://b", "--log-level", "loud"], 64, "log.level"),
        (&["sync", "redis://a", "ftp://b"], 64, "not known"),
        (&["sync", &closed, &closed, "--listen", &taken], 64, "admin.listen"),
        (&["check", &closed, &closed], 69, "cannot connect"),
        (&["sync", &closed, &closed], 69, "cannot connect"),
    ] {
        let output = keyferry(words, &[]);
        assert!(code(&output) == expected && text(&output).contains(said), "{words:?}: {output:?}");
    }
}

#[test]
fn no_secret_is_shown_whatever_goes_wrong() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("pw");
    std::fs::write(&file, "sEcReT\n").unwrap();
    let (file, closed) = (file.to_str().unwrap(), format!("127.0.0.1:{}", closed_port()));
    let with_password = format!("redis://user:sEcReT@{closed}");
    let plain = format!("redis://{closed}");
    for words in [
        &["sync", &with_password, &with_password, "--format", "json"][..],
        &["check", &with_password, &plain],
        &["check", &plain, &plain, "--source-password-file", file],
        &["check", &plain, &plain, "--set", "source.password=sEcReT", "--set", "source.password=sEcReT"],
        &["check", "redis://:sEcReT@host:port", &plain],
        &["check", "redis://:sEc@ReT#sEcReT@host", &plain],
        &["sync", &plain, &plain, "--target-password-env", "KEYFERRY_TARGET_PASSWORD"],
    ] {
        let mut words = words.to_vec();
        words.extend(["--log-level", "trace"]);
        let output = keyferry(&words, &[("KEYFERRY_TARGET_PASSWORD", "sEcReT")]);
        assert_ne!(code(&output), 0, "{words:?}");
        assert!(!text(&output).contains("sEcReT") && !text(&output).contains("ReT#"), "{words:?}: {output:?}");
    }
    let output = keyferry(&["check", &with_password, &plain], &[]);
    assert!(text(&output).contains("a password stands on the command line"), "{output:?}");
}

#[test]
fn the_settings_reference_in_docs_is_up_to_date() {
    let page = keyferry(&["settings-reference"], &[]);
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/SETTINGS.md");
    let written = std::fs::read_to_string(path).unwrap();
    let advice = "docs/SETTINGS.md is out of date; write it by: keyferry settings-reference > docs/SETTINGS.md";
    assert!(written.as_bytes() == page.stdout, "{advice}");
}

#[test]
fn the_exit_codes_in_docs_are_those_of_the_program() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/COMMAND-LINE.md");
    let written = std::fs::read_to_string(path).unwrap();
    let help = text(&keyferry(&["--help"], &[]));
    let codes = help.split("Exit codes:\n").nth(1).unwrap();
    for line in codes.lines().filter(|line| !line.trim().is_empty()) {
        let (code, meaning) = line.trim().split_once("  ").unwrap();
        let row = format!("| {code} | {meaning} |");
        assert!(written.contains(&row), "docs/COMMAND-LINE.md has no line {row}");
    }
}

#[test]
fn json_progress_ends_with_a_line_that_says_how() {
    let closed = format!("redis://127.0.0.1:{}", closed_port());
    let output = keyferry(&["sync", &closed, &closed, "--format", "json"], &[]);
    let last: serde_json::Value =
        serde_json::from_slice(output.stdout.split(|b| *b == b'\n').rfind(|l| !l.is_empty()).unwrap()).unwrap();
    assert_eq!((&last["type"], &last["code"]), (&"end".into(), &69.into()), "{last}");
    assert!(last["error"].as_str().unwrap().contains("cannot connect"), "{last}");
}

#[test]
fn a_signal_before_anything_was_carried_ends_with_a_code_of_its_own() {
    // A server that accepts and says nothing: the check waits for it.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("redis://{}", silent.local_addr().unwrap());
    let mut command = Command::new(env!("CARGO_BIN_EXE_keyferry"));
    let mut child = command.args(["sync", &url, &url]).spawn().unwrap();
    let _connection = silent.accept().unwrap();
    let killed = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    assert_eq!(child.wait().unwrap().code(), Some(75));
}
