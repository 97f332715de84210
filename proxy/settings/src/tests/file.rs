//! Files and flags: what they mean, and what is said of those that mean nothing.

use std::path::PathBuf;
use std::time::Duration;

use super::{flag, read_in, refusal, with_ends, world};
use proptest::prelude::*;

use crate::{
    Endpoint, Error, Given, Input, Limits, LogFormat, Mode, OnExisting, Protocol, Secret, Timeouts, Tls, Verify, load,
    reference,
};

#[test]
fn two_urls_are_enough_and_everything_else_has_a_default() {
    let flags = [flag("SOURCE", "source.url", &["redis://a"]), flag("TARGET", "target.url", &["redis://b:1"])];
    let settings = load(&Input { file: None, flags: &flags }, &Given::default()).unwrap();
    assert_eq!(settings.source.endpoint, Endpoint::tcp("a", 6379));
    assert_eq!(settings.target.endpoint, Endpoint::tcp("b", 1));
    assert_eq!((settings.mode, settings.target.on_existing), (Mode::Follow, OnExisting::Replace));
    assert_eq!((settings.limits, settings.timeouts), (Limits::default(), Timeouts::default()));
    assert!(!settings.target.flush && settings.admin.listen.is_none() && !settings.snapshot.carry_eviction);
}

#[test]
fn every_section_is_read() {
    let settings = read_in(
        &world(&[], &[("dir/pw", "s3cret\n")]),
        r#"
        migration = { name = "orders", mode = "until-caught-up", on_error = "stop" }
        [source]
        url = "rediss://old.example:6380"
        username = "reader"
        password_file = "pw"
        tls = { ca_file = "ca.pem", system_roots = true, client_cert = "/c.pem", client_key = "k.pem", server_name = "n" }
        replica = { announced_port = 7777, announced_ip = "10.0.0.9", command = "sync" }
        [target]
        url = "unix:///s"
        on_existing = "error"
        flush = "delete-all-keys-on-target"
        protocol = "resp3"
        [limits]
        lanes = 8
        backlog_bytes = "1gb"
        in_flight_bytes = 1048576
        commands_per_second = 5000
        bytes_per_second = "10m"
        [snapshot]
        carry_eviction = true
        [timeouts]
        connect = "1s 500ms"
        reconnect_for = "10m"
        [admin]
        listen = "[::1]:9100"
        [log]
        level = "debug"
        format = "json"
        "#,
        &[],
    )
    .unwrap();
    let source = &settings.source.endpoint;
    assert_eq!((settings.name.as_str(), settings.mode), ("orders", Mode::UntilCaughtUp));
    assert_eq!(source.username.as_deref(), Some("reader"));
    assert_eq!(source.password.as_ref().map(Secret::expose), Some("s3cret"));
    assert_eq!(
        source.tls,
        Some(Tls {
            ca_file: Some(PathBuf::from("dir/ca.pem")),
            system_roots: true,
            client_cert: Some((PathBuf::from("/c.pem"), PathBuf::from("dir/k.pem"))),
            server_name: Some("n".into()),
            verify: Verify::Full,
        })
    );
    assert_eq!(settings.source.replica.announced_port, 7777);
    assert_eq!((settings.target.flush, settings.target.protocol), (true, Protocol::Resp3));
    assert_eq!((settings.limits.lanes, settings.limits.backlog_bytes), (8, 1 << 30));
    assert_eq!((settings.limits.in_flight_bytes, settings.limits.bytes_per_second), (1 << 20, Some(10_000_000)));
    assert_eq!(settings.timeouts.connect, Duration::from_millis(1500));
    assert_eq!(settings.timeouts.reconnect_for, Some(Duration::from_secs(600)));
    assert_eq!(settings.admin.listen, Some("[::1]:9100".parse().unwrap()));
    assert_eq!((settings.log.filter.as_str(), settings.log.format), ("debug", LogFormat::Json));
}

#[test]
fn a_wrong_setting_is_told_with_its_line_its_column_and_what_was_expected() {
    for (text, said) in [
        ("[limits]\nlanes = 0", "dir/m.toml:6:9: limits.lanes is 0; expected a whole number from 1 to 64"),
        ("[limits]\n  lanes = \"8\"", "dir/m.toml:6:11: limits.lanes is \"8\"; expected a whole number"),
        (
            "[limits]\nlane = 3",
            "dir/m.toml:6:8: there is no setting limits.lane, did you mean limits.lanes?; known here",
        ),
        ("[limit]\nlanes = 3", "there is no setting limit, did you mean limits?"),
        ("[limits]\nlanes = 1.5", "limits.lanes is a number with a fraction"),
        ("[limits]\nbacklog_bytes = \"12 parsecs\"", "expected a size such as \"64MiB\", from 1MiB to 1TiB"),
        ("[limits]\nbacklog_bytes = \"-1MiB\"", "limits.backlog_bytes is \"-1MiB\""),
        ("[limits]\nbacklog_bytes = 99999999999999999999999999999999999999999", "too large"),
        ("[timeouts]\nconnect = 5", "timeouts.connect is 5; expected a time such as \"5s\""),
        ("[timeouts]\nbackoff_min = \"1m\"", "backoff_max is below timeouts.backoff_min"),
        ("[migration]\nmode = \"fast\"", "expected \"follow\" or \"until-caught-up\" or \"snapshot-only\""),
        ("[migration]\non_error = \"skip\"", "expected \"stop\""),
        ("[admin]\nlisten = \"localhost\"", "expected an IP address and a port"),
        ("[snapshot]\ncarry_eviction = \"yes\"", "expected true or false"),
        ("limits = 3", "there is no setting target.limits"),
        ("[limits]\nlanes = 3\nlanes = 4", "dir/m.toml:7:1: this is not valid TOML: duplicate key"),
        ("[limits\n", "dir/m.toml:5:"),
    ] {
        let refusal = refusal(text);
        assert!(refusal.contains(said), "{text:?}\n  said     {refusal}\n  expected {said}");
    }
}

#[test]
fn flags_take_the_place_of_what_the_file_says() {
    let text = with_ends("on_existing = \"skip\"\n[limits]\nlanes = 3\nbacklog_bytes = \"2MiB\"\n");
    let flags = [
        flag("--lanes", "limits.lanes", &["5"]),
        flag("--on-existing", "target.on_existing", &["error"]),
        flag("TARGET", "target.url", &["redis://c"]),
        flag("--set", "snapshot.carry_eviction", &["true"]),
    ];
    let settings = read_in(&Given::default(), &text, &flags).unwrap();
    assert_eq!((settings.limits.lanes, settings.limits.backlog_bytes), (5, 2 << 20));
    assert_eq!((settings.target.on_existing, settings.target.endpoint), (OnExisting::Error, Endpoint::tcp("c", 6379)));
    assert!(settings.snapshot.carry_eviction);
}

#[test]
fn a_wrong_flag_is_told_by_its_name() {
    for (path, value, said) in [
        ("limits.lanes", "many", "--x: limits.lanes is \"many\"; expected a whole number from 1 to 64"),
        ("limits.lane", "1", "--x: there is no setting limits.lane, did you mean limits.lanes?"),
        ("lanes", "1", "there is no setting lanes"),
        ("limits.lanes.more", "1", "limits.lanes is a table"),
        ("source.url.more", "1", "url has no settings within"),
        ("limits..lanes", "1", "a setting is named as section.setting"),
        ("a.b.c.d.e.f.g.h.i.j", "1", "a setting is named as section.setting"),
    ] {
        let refusal =
            read_in(&Given::default(), &with_ends(""), &[flag("--x", path, &[value])]).unwrap_err().to_string();
        assert!(refusal.contains(said), "{path}\n  said     {refusal}\n  expected {said}");
    }
}

#[test]
fn passwords_come_from_url_setting_file_or_environment() {
    let world = world(
        &[("KEYFERRY_SOURCE_PASSWORD", "from-env"), ("KEYFERRY_SOURCE_USERNAME", "env-user"), ("MY_PW", "mine")],
        &[("dir/pw", "in file\r\n"), ("/abs", "absolute")],
    );
    for (source, user, password) in [
        ("url = 'redis://a'", Some("env-user"), Some("from-env")),
        ("url = 'redis://u@a'", Some("u"), Some("from-env")),
        ("url = 'redis://u:p@a'", Some("u"), Some("p")),
        ("url = 'redis://a'\nusername = 'x'\npassword = 'y'", Some("x"), Some("y")),
        ("url = 'redis://a'\npassword_env = 'MY_PW'", Some("env-user"), Some("mine")),
        ("url = 'redis://a'\npassword_file = 'pw'", Some("env-user"), Some("in file")),
        ("url = 'redis://a'\npassword_file = '/abs'", Some("env-user"), Some("absolute")),
    ] {
        let text = format!("[source]\n{source}\n[target]\nurl = 'redis://b'");
        let settings = read_in(&world, &text, &[]).unwrap();
        let endpoint = settings.source.endpoint;
        assert_eq!(
            (endpoint.username.as_deref(), endpoint.password.as_ref().map(Secret::expose)),
            (user, password),
            "{source}"
        );
        assert_eq!(settings.target.endpoint.password, None, "the target has variables of its own");
    }
}

#[test]
fn a_secret_that_is_not_there_or_there_twice_is_refused_without_showing_it() {
    let world = world(&[("MY_PW", "sEcReT")], &[("dir/empty", "\n"), ("dir/two", "sEcReT\nsEcReT\n")]);
    for (source, said) in [
        ("url = 'redis://:sEcReT@a'\npassword = 'sEcReT'", "password of the source is given twice"),
        ("url = 'redis://a'\npassword = 'sEcReT'\npassword_env = 'MY_PW'", "dir/m.toml:4:16: the password"),
        ("url = 'redis://u:sEcReT@a'\nusername = 'v'", "user name of the source is given twice"),
        ("url = 'redis://sEcReT@a'", "If the name was meant as the password"),
        ("url = 'redis://a'\npassword_env = 'NOT_SET'", "variable \"NOT_SET\" is not set"),
        ("url = 'redis://a'\npassword_file = 'gone'", "source.password_file: the file dir/gone"),
        ("url = 'redis://a'\npassword_file = 'empty'", "it is empty"),
        ("url = 'redis://a'\npassword_file = 'two'", "more than one line"),
        ("url = 'redis://a'\npassword = ['sEcReT']", "source.password is not usable"),
        ("url = 'redis://:sEcReT@a:x'", "\"redis://***@a:***\": the port"),
        ("url = 'redis://a'\npassword = 'sEcReT", "not valid TOML"),
    ] {
        let text = format!("[source]\n{source}\n[target]\nurl = 'redis://b'");
        let error = read_in(&world, &text, &[]).unwrap_err();
        let (refusal, debug) = (error.to_string(), format!("{error:?}"));
        assert!(refusal.contains(said), "{source}\n  said     {refusal}\n  expected {said}");
        assert!(!refusal.contains("sEcReT") && !debug.contains("sEcReT"), "{refusal}");
    }
}

#[test]
fn settings_show_no_secret() {
    let settings =
        read_in(&Given::default(), "[source]\nurl='redis://u:sEcReT@a'\n[target]\nurl='redis://:sEcReT@b'", &[]);
    let settings = settings.unwrap();
    let shown = format!("{settings:?} {settings:#?} {}", settings.source.endpoint);
    assert!(!shown.contains("sEcReT") && shown.contains("***"), "{shown}");
}

#[test]
fn tls_settings_need_a_tls_url_and_each_other() {
    for (url, tls, said) in [
        ("redis://a", "ca_file = 'x'", "write rediss:// for TLS"),
        ("unix:///a", "ca_file = 'x'", "socket is not encrypted"),
        ("rediss://a", "client_cert = 'x'", "client_cert and client_key are needed together"),
        ("rediss://a", "system_roots = false", "a ca_file is needed"),
        ("rediss://a", "verify = 'off'", "expected \"full\" or \"accept-any-certificate\""),
    ] {
        let text = format!("[source]\nurl = '{url}'\ntls = {{ {tls} }}\n[target]\nurl = 'redis://b'");
        let refusal = read_in(&Given::default(), &text, &[]).unwrap_err().to_string();
        assert!(refusal.contains(said), "{tls}: {refusal}");
    }
    let verify_off = "[source]\nurl = 'rediss://a'\ntls.verify = 'accept-any-certificate'\n[target]\nurl = 'redis://b'";
    let settings = read_in(&Given::default(), verify_off, &[]).unwrap();
    assert_eq!(settings.source.endpoint.tls.map(|tls| tls.verify), Some(Verify::Off));
}

#[test]
fn a_migration_needs_both_ends() {
    let error = load(&Input { file: None, flags: &[flag("SOURCE", "source.url", &["redis://a"])] }, &Given::default());
    assert!(matches!(error, Err(Error::Missing { setting, .. }) if setting == "target.url"));
}

#[test]
fn the_reference_tells_of_every_section_once() {
    let page = reference().unwrap();
    for section in ["migration", "source", "source.tls", "source.replica", "target", "limits", "timeouts", "admin"] {
        assert_eq!(page.matches(&format!("\n## [{section}]\n")).count(), 1, "{section}\n{page}");
    }
    assert!(page.contains("| `lanes` | a whole number from 1 to 64 | `1` |"), "{page}");
    let target = page.split("\n## [target]\n").nth(1).unwrap().split("\n## ").next().unwrap();
    assert!(target.contains("`url`") && target.contains("`flush`"), "{target}");
}

#[test]
fn values_nested_beyond_reason_are_refused() {
    for (open, close) in [("[", "]"), ("{a=", "}")] {
        let text = format!("x = {}1{}", open.repeat(100_000), close.repeat(100_000));
        assert!(refusal(&text).contains("not valid TOML"), "{open}");
    }
    let path = vec!["a"; 100_000].join(".");
    assert!(read_in(&Given::default(), &with_ends(""), &[flag("--set", &path, &["1"])]).is_err());
}

#[test]
fn what_was_written_shows_no_value() {
    let flags = [flag("SOURCE", "source.url", &["redis://:sEcReT@a"])];
    let input = Input { file: Some(("m.toml", "source.password = 'sEcReT'")), flags: &flags };
    assert_eq!(format!("{input:?}"), "m.toml [SOURCE (source.url)]");
}

/// Pieces of settings files, right and wrong, to be strung together at random.
const PIECES: [&str; 24] = [
    "[limits]\n",
    "[rules]\n",
    "[source.tls]\n",
    "[[rules.rename]]\n",
    "lanes",
    "url",
    "db_map",
    "rename",
    "include.db",
    "ca_file",
    " = ",
    "= ",
    "\n",
    "3",
    "-1",
    "\"64MiB\"",
    "'redis://a'",
    "[1, 2]",
    "{ 1 = 0 }",
    "{ add_prefix = 'x' }",
    "1.5",
    "true",
    "é",
    "\"",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_file_makes_the_reader_panic(pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..12)) {
        if let Err(error) = super::read(&pieces.concat()) {
            prop_assert!(!error.to_string().is_empty());
        }
    }

    #[test]
    fn no_flag_makes_the_reader_panic(path in "[a-z.]{0,20}", known in prop::sample::select(&["limits.lanes", "rules.db_map", "rules.include.type", "rules.rename", "timeouts.connect", "source.url", "target.flush"][..]), value in ".{0,12}") {
        for path in [path.as_str(), known] {
            if let Err(error) = read_in(&Given::default(), &with_ends(""), &[flag("--x", path, &[&value])]) {
                prop_assert!(error.to_string().starts_with("--x"), "{}", error);
            }
        }
    }
}
