//! The command line: every flag stands for a setting that exists.

mod docs;

use clap::{CommandFactory, Parser};
use settings::{Mode, OnExisting, Secret, Settings, Verify};

use crate::cli::{Cli, Command};
use crate::exit::{Exit, Failure};
use crate::input;

fn read(words: &[&str]) -> Result<Settings, Failure> {
    let mut all = vec!["keyferry", "sync"];
    all.extend(words);
    match Cli::try_parse_from(all).unwrap().command {
        Command::Sync(command) => input::settings(&command.migration, Some(&command.run)),
        other => panic!("sync was asked for, {other:?} was read"),
    }
}

const ENDS: [&str; 2] = ["rediss://old:1", "rediss://new:2"];

fn with(words: &[&str]) -> Result<Settings, Failure> {
    read(&[&ENDS, words].concat())
}

#[test]
fn the_command_line_is_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn every_flag_stands_for_a_setting_that_takes_it() {
    for (words, holds) in [
        (&["--snapshot-only"][..], (|s| s.mode == Mode::SnapshotOnly) as fn(&Settings) -> bool),
        (&["--until-caught-up"], |s| s.mode == Mode::UntilCaughtUp),
        (&["--on-existing", "skip"], |s| s.target.on_existing == OnExisting::Skip),
        (&["--flush-target", "delete-all-keys-on-target"], |s| s.target.flush),
        (&["--include-db", "1", "--include-db", "2"], |s| s.rules.include.db.len() == 2),
        (&["--include-prefix", "a:"], |s| s.rules.include.prefix == [b"a:"]),
        (&["--exclude-db", "1"], |s| s.rules.exclude.db.len() == 1),
        (&["--exclude-prefix", "b:", "--exclude-prefix", "c,d"], |s| s.rules.exclude.prefix.len() == 2),
        (&["--db-map", "1=0", "--db-map", "*=2"], |s| s.rules.db_map.len() == 2),
        (&["--lanes", "7"], |s| s.limits.lanes == 7),
        (&["--listen", "127.0.0.1:0"], |s| s.admin.listen.is_some()),
        (&["--log-level", "debug", "--log-format", "json"], |s| s.log.filter == "debug"),
        (&["--set", "limits.lanes=9", "--set", "snapshot.carry_eviction=true"], |s| {
            s.limits.lanes == 9 && s.snapshot.carry_eviction
        }),
        (&["--set", "rules.exclude.suffix=x", "--set", "rules.exclude.suffix=y=z"], |s| {
            s.rules.exclude.suffix == [b"x".to_vec(), b"y=z".to_vec()]
        }),
        (&["--source-username", "u", "--set", "source.password=p"], |s| {
            s.source.endpoint.username.as_deref() == Some("u")
        }),
        (&["--target-ca", "ca", "--target-server-name", "n"], |s| {
            s.target.endpoint.tls.as_ref().is_some_and(|tls| tls.ca_file.is_some() && tls.server_name.is_some())
        }),
        (&["--source-cert", "c", "--source-key", "k"], |s| {
            s.source.endpoint.tls.as_ref().is_some_and(|tls| tls.client_cert.is_some())
        }),
        (&["--source-tls-verify", "accept-any-certificate"], |s| {
            s.source.endpoint.tls.as_ref().is_some_and(|tls| tls.verify == Verify::Off)
        }),
    ] {
        match with(words) {
            Ok(settings) => assert!(holds(&settings), "{words:?}: {settings:?}"),
            Err(failure) => panic!("{words:?}: {}", failure.message),
        }
    }
}

#[test]
fn a_settings_file_stands_alone_and_flags_change_it() {
    let dir = tempfile::tempdir().unwrap();
    let (file, password) = (dir.path().join("m.toml"), dir.path().join("pw"));
    std::fs::write(&password, "secret\n").unwrap();
    let text = "source = { url = 'redis://a', password_file = 'pw' }\ntarget.url = 'redis://b'\nlimits.lanes = 3";
    std::fs::write(&file, text).unwrap();
    let settings = read(&[file.to_str().unwrap(), "--set", "limits.backlog_bytes=5mb"]).map_err(|f| f.message).unwrap();
    assert_eq!(settings.source.endpoint.password.as_ref().map(Secret::expose), Some("secret"));
    assert_eq!((settings.limits.lanes, settings.limits.backlog_bytes), (3, 5 << 20));
}

#[test]
fn a_wrong_command_line_is_told_what_is_wrong_with_it() {
    for (words, said) in [
        (&["redis://a"][..], "TARGET is missing"),
        (&["a", "redis://b"], "SOURCE is no URL"),
        (&["redis://a", "b.toml"], "TARGET is no URL"),
        (&["/nowhere/m.toml"], "/nowhere/m.toml: the settings file cannot be read"),
        (&["redis://a", "redis-cluster://b"], "not supported by this version"),
        (&["redis://a", "redis://b", "--lanes", "0"], "--lanes: limits.lanes is \"0\""),
        (&["redis://a", "redis://b", "--flush-target", "yes"], "expected \"delete-all-keys-on-target\""),
        (&["redis://a", "redis://b", "--set", "lanes"], "a setting is given as name=value"),
        (&["redis://a", "redis://b", "--set", "limits.lane=1"], "--set limits.lane: there is no setting limits.lane"),
        (&["redis://a", "redis://b", "--source-ca", "x"], "--source-ca: there are TLS settings"),
    ] {
        let failure = read(words).unwrap_err();
        assert!(failure.message.contains(said) && failure.exit == Exit::Settings, "{words:?}: {}", failure.message);
    }
}
