//! From the bytes of a stream to the queues of the lanes, without sockets.

use std::sync::Arc;

use proptest::prelude::*;
use record::{Db, Offset};
use route::lanes::Lanes;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::Error;
use crate::assemble::{Assembler, commands};
use crate::router::{Item, Router};
use crate::shared::Shared;

/// A router whose queues nobody drains.
struct Bench {
    shared: Arc<Shared>,
    router: Router,
    assembler: Assembler,
    queues: Vec<UnboundedReceiver<Item>>,
    pending: Vec<u8>,
}

impl Bench {
    fn new(lanes: usize, settings: &[(&str, &str)]) -> Bench {
        let shared = Shared::of_settings(settings);
        let (senders, queues) = (0..lanes).map(|_| unbounded_channel()).unzip();
        let router = Router::new(Arc::clone(&shared), Lanes::new(lanes).unwrap(), senders);
        Bench { shared, router, assembler: Assembler::new(Offset(1000)), queues, pending: Vec::new() }
    }

    /// One read from the source.
    fn read(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.pending.extend_from_slice(bytes);
        let taken = self.assembler.feed(&self.pending, &mut self.router)?;
        self.pending.drain(..taken);
        self.router.flush();
        Ok(())
    }

    /// What stands in each lane's queue, a line for each unit; every ticket is closed.
    fn apply(&mut self) -> Vec<Vec<String>> {
        let mut lanes = Vec::new();
        for queue in &mut self.queues {
            let mut lines = Vec::new();
            while let Ok(item) = queue.try_recv() {
                let batch = match item {
                    Item::Batch(batch) => batch,
                    Item::Meeting(_, None) => {
                        lines.push("(meets)".to_owned());
                        continue;
                    }
                    Item::Meeting(_, Some(batch)) => {
                        lines.push("(executes)".to_owned());
                        batch
                    }
                };
                let mut replies = 0;
                for (index, unit) in batch.units.iter().enumerate() {
                    let sent = commands(batch.unit_bytes(index), unit.end).unwrap();
                    assert_eq!(sent.len() as u32, unit.replies, "a reply for each command");
                    replies += unit.replies;
                    let text: Vec<String> = sent.iter().map(|args| words(args)).collect();
                    lines.push(text.join("; "));
                }
                assert_eq!(replies, batch.replies);
                batch.tickets.iter().for_each(|ticket| self.shared.frontier.done(*ticket));
                self.shared.release(&batch);
            }
            lanes.push(lines);
        }
        lanes
    }
}

fn words(args: &[&[u8]]) -> String {
    args.iter().map(|arg| arg.escape_ascii().to_string()).collect::<Vec<_>>().join(" ")
}

fn stream(lines: &[&str]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for line in lines {
        let args: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        resp::encode::command(&mut bytes, &args);
    }
    bytes
}

/// What one lane gets of a stream.
fn one_lane(settings: &[(&str, &str)], lines: &[&str]) -> Vec<String> {
    let mut bench = Bench::new(1, settings);
    bench.read(&stream(lines)).unwrap();
    bench.apply().remove(0)
}

#[test]
fn a_select_goes_before_the_first_command_that_needs_it() {
    let sent = one_lane(&[], &["SET a 1", "SELECT 2", "SELECT 3", "SET b 2", "SET c 3", "PING", "SELECT 0", "DEL a"]);
    assert_eq!(sent, ["SET a 1", "SELECT 3; SET b 2", "SET c 3", "SELECT 0; DEL a"]);
}

#[test]
fn a_transaction_is_one_unit_with_the_selects_within_it() {
    let lines = ["MULTI", "SELECT 4", "SET a 1", "INCR b", "EXEC", "SET c 1"];
    assert_eq!(one_lane(&[], &lines), ["MULTI; SELECT 4; SET a 1; INCR b; EXEC", "SET c 1"]);
}

#[test]
fn of_a_transaction_under_rules_what_passes_stays_one_transaction() {
    let rules = [("rules.exclude.prefix", "tmp:"), ("rules.rename.add_prefix", "n:")];
    let lines = ["MULTI", "SET a 1", "SET tmp:a 1", "SELECT 4", "DEL tmp:b b", "EXEC", "MULTI", "DEL tmp:c", "EXEC"];
    assert_eq!(one_lane(&rules, &lines), ["MULTI; SET n:a 1; SELECT 4; DEL n:b; EXEC"]);
}

#[test]
fn a_command_across_the_border_of_the_rules_ends_the_run_with_its_name_and_key() {
    let mut bench = Bench::new(1, &[("rules.exclude.prefix", "tmp:")]);
    let error = bench.read(&stream(&["RENAME tmp:a a"])).unwrap_err();
    assert!(error.to_string().contains("RENAME \"tmp:a\""), "{error}");
}

#[test]
fn units_of_several_lanes_stand_at_their_place_in_each() {
    // Slots of a, b and c modulo 2: 15495, 3300, 7365.
    let mut bench = Bench::new(2, &[]);
    bench.read(&stream(&["SET a 1", "SET b 1", "RENAME a b", "SET b 2", "FLUSHALL", "SET c 1"])).unwrap();
    let lanes = bench.apply();
    assert_eq!(lanes[0], ["SET b 1", "(executes)", "RENAME a b", "SET b 2", "(executes)", "FLUSHALL"]);
    assert_eq!(lanes[1], ["SET a 1", "(meets)", "(meets)", "SET c 1"]);
}

#[test]
fn the_frontier_passes_what_is_applied_and_pings_and_stops_before_an_open_transaction() {
    let mut bench = Bench::new(2, &[]);
    let first = stream(&["SET a 1", "SET b 1", "PING"]);
    bench.read(&first).unwrap();
    assert_eq!(bench.shared.frontier.current(), Offset(0), "nothing is applied");
    bench.apply();
    let end = Offset(1000) + first.len() as u64;
    assert_eq!(bench.shared.frontier.current(), end);
    bench.read(&stream(&["MULTI", "SET a 2"])).unwrap();
    bench.apply();
    assert_eq!(bench.shared.frontier.current(), end, "a transaction is applied as one");
    bench.read(&stream(&["EXEC"])).unwrap();
    bench.apply();
    assert_eq!(bench.shared.frontier.current(), bench.assembler.offset());
}

#[test]
fn a_demand_for_an_acknowledgement_stands_at_its_offset() {
    let mut bench = Bench::new(1, &[]);
    bench.read(&stream(&["SET a 1", "REPLCONF GETACK *"])).unwrap();
    assert_eq!(bench.assembler.take_asked(), Some(bench.assembler.offset()));
    assert_eq!(bench.apply(), [["SET a 1"]]);
}

#[test]
fn garbage_in_the_stream_is_an_error_that_names_its_offset() {
    for (bytes, expected) in [
        (&b"*1\r\n$4\r\nEXEC\r\n"[..], "EXEC without MULTI"),
        (b"*2\r\n$6\r\nSELECT\r\n$1\r\nx\r\n", "SELECT without a db number"),
        (b"+OK\r\n", "offset 1000"),
    ] {
        let error = Bench::new(1, &[]).read(bytes).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

/// Changes over few keys and dbs, transactions, pings, and commands of several keys.
fn lines() -> impl Strategy<Value = Vec<String>> {
    let change = prop_oneof![
        (0..20u8).prop_map(|key| vec![format!("INCR k{key}")]),
        (0..20u8, 0..20u8).prop_map(|(one, two)| vec![format!("RENAME k{one} k{two}")]),
        (0..4u8).prop_map(|db| vec![format!("SELECT {db}")]),
        Just(vec!["PING".to_owned()]),
        Just(vec!["FLUSHDB".to_owned()]),
        (0..20u8, 0..4u8, 0..20u8).prop_map(|(one, db, two)| {
            let inner = [format!("SET k{one} v"), format!("SELECT {db}"), format!("DEL k{two} k{one}")];
            [vec!["MULTI".to_owned()], inner.to_vec(), vec!["EXEC".to_owned()]].concat()
        }),
    ];
    prop::collection::vec(change, 0..30).prop_map(|changes| changes.concat())
}

/// What a lane's connection would have selected for each command that is no control, in order.
fn with_dbs(units: &[String]) -> Vec<String> {
    let mut db = Db(0);
    let mut seen = Vec::new();
    for command in units.iter().flat_map(|unit| unit.split("; ")) {
        match command.split_once(' ') {
            Some(("SELECT", number)) => db = Db(number.parse().unwrap()),
            _ if command.starts_with('(') => {}
            _ => seen.push(format!("{db}: {command}")),
        }
    }
    seen
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// However the stream is cut into reads, a lane gets the same commands in the same dbs, and the frontier ends at
    /// the stream's end.
    #[test]
    fn cuts_change_nothing(lines in lines(), cuts in prop::collection::vec(1..40usize, 1..60), lanes in 1..5usize) {
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let bytes = stream(&lines);
        let mut whole = Bench::new(lanes, &[]);
        whole.read(&bytes).unwrap();
        let expected: Vec<_> = whole.apply().iter().map(|units| with_dbs(units)).collect();
        let mut cut = Bench::new(lanes, &[]);
        let (mut rest, mut sizes) = (bytes.as_slice(), cuts.iter().cycle());
        while !rest.is_empty() {
            let (read, left) = rest.split_at((*sizes.next().unwrap()).min(rest.len()));
            cut.read(read).unwrap();
            rest = left;
        }
        let got: Vec<_> = cut.apply().iter().map(|units| with_dbs(units)).collect();
        prop_assert_eq!(got, expected);
        if !bytes.is_empty() {
            prop_assert_eq!(cut.shared.frontier.current(), Offset(1000) + bytes.len() as u64);
        }
        prop_assert_eq!(cut.shared.budget.held(), 0);
    }

    /// With one lane, rules that carry everything send what no rules would send.
    #[test]
    fn rules_that_carry_everything_change_nothing(lines in lines()) {
        // A flush is refused where a rule looks at keys: the target may hold others.
        let lines: Vec<&str> = lines.iter().map(String::as_str).filter(|line| *line != "FLUSHDB").collect();
        let carried = with_dbs(&one_lane(&[("rules.include.regex", ".*")], &lines));
        let plain = with_dbs(&one_lane(&[], &lines));
        prop_assert_eq!(carried, plain);
    }
}
