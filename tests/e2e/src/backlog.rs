//! A target that stands still while the source goes on: held in memory, up to a limit.

use testkit::workload::Family;
use testkit::{Server, Workload, assert_equal};

use crate::setup::{self, between, ended, fails, seed, status, stop, wait_applied};

const FAMILIES: [Family; 4] = [Family::Counters, Family::Lists, Family::Strings, Family::Streams];

#[test]
fn a_full_backlog_ends_the_run_and_names_the_setting() {
    let (source, target) = (Server::start_default(), Server::start_default());
    let sync = between(&source, &target).args(&["--set", "limits.backlog_bytes=1MiB"]).spawn();
    sync.wait_ready(setup::LONG);
    target.pause();
    let load = Workload::new(seed()).max_rate().families(&FAMILIES).start(&source);
    let finished = ended(&sync);
    load.stop();
    target.resume();
    fails(&finished, 74, &["the backlog is full", "limits.backlog_bytes is 1048576", "Raise limits.backlog_bytes"]);
}

#[test]
fn a_target_that_stood_still_gets_what_was_held_for_it() {
    for lanes in ["1", "4"] {
        let (source, target) = (Server::start_default(), Server::start_default());
        let sync = between(&source, &target).args(&["--lanes", lanes]).spawn();
        sync.wait_ready(setup::LONG);
        let load = Workload::new(seed()).max_rate().families(&FAMILIES).start(&source);
        load.wait_for(1_000);
        target.pause();
        load.wait_for(20_000);
        let held = status(&sync)["changes"]["backlog_bytes"].as_u64().expect("a number");
        assert!(held > 500_000, "{held} bytes held");
        assert_eq!(sync.http_get("/readyz").expect("it is served").status, 200, "it was caught up a moment ago");
        target.resume();
        load.wait_for(1_000);
        load.stop();
        wait_applied(&source, &sync);
        assert_equal(&source, &target);
        stop(&sync);
    }
}
