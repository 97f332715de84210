//! From the bytes of a stream to the queues of the lanes, without sockets.

use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use record::{Db, Offset};
use route::lanes::Lanes;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::Error;
use crate::assemble::{Assembler, commands};
use crate::router::{Item, Router, Start};
use crate::shared::Shared;

/// Lanes whose queues nobody drains.
#[derive(Clone, Debug, Default)]
struct Queues(Arc<Mutex<Vec<Queue>>>);

/// A lane's db and its queue.
type Queue = (Db, UnboundedReceiver<Item>);

impl Start for Queues {
    fn start(&mut self, index: usize, home: Db) -> UnboundedSender<Item> {
        let (queue, items) = unbounded_channel();
        let mut all = self.0.lock().unwrap();
        assert_eq!(index, all.len());
        all.push((home, items));
        queue
    }
}

/// What reads would bring, up to the lanes' queues.
struct Bench {
    shared: Arc<Shared>,
    router: Router,
    assembler: Assembler,
    queues: Queues,
    pending: Vec<u8>,
}

impl Bench {
    fn new(lanes: usize, settings: &[(&str, &str)]) -> Bench {
        let shared = Shared::of_settings(settings);
        let queues = Queues::default();
        let router = Router::new(Arc::clone(&shared), Lanes::new(lanes).unwrap(), Box::new(queues.clone()));
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

    /// What stands in each lane's queue, a line for each unit, with the lane's db before it; every ticket is closed.
    fn apply(&mut self) -> Vec<Vec<String>> {
        let mut queues = self.queues.0.lock().unwrap();
        queues.iter_mut().map(|(home, queue)| applied(&self.shared, *home, queue)).collect()
    }
}

/// What stands in one lane's queue.
fn applied(shared: &Shared, home: Db, queue: &mut UnboundedReceiver<Item>) -> Vec<String> {
    let mut lines = Vec::new();
    while let Ok(item) = queue.try_recv() {
        let batch = match item {
            Item::Batch(batch) => batch,
            Item::Meeting(_, None) => {
                lines.push(format!("{home}: (meets)"));
                continue;
            }
            Item::After(_) => {
                lines.push(format!("{home}: (waits)"));
                continue;
            }
            Item::Meeting(_, Some(batch)) => {
                lines.push(format!("{home}: (executes)"));
                batch
            }
        };
        let mut replies = 0;
        for (index, unit) in batch.units.iter().enumerate() {
            let sent = commands(batch.unit_bytes(index), unit.end).unwrap();
            assert_eq!(sent.len() as u32, unit.replies, "a reply for each command");
            replies += unit.replies;
            let text: Vec<String> = sent.iter().map(|args| words(args)).collect();
            lines.push(format!("{home}: {}", text.join("; ")));
        }
        assert_eq!(replies, batch.replies);
        batch.tickets.iter().for_each(|ticket| shared.frontier.done(*ticket));
        shared.release(&batch);
    }
    lines
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

/// What the lanes get of a stream, with one lane for each db, in the order in which the dbs were needed.
fn by_db(settings: &[(&str, &str)], lines: &[&str]) -> Vec<String> {
    let mut bench = Bench::new(1, settings);
    bench.read(&stream(lines)).unwrap();
    bench.apply().concat()
}

#[test]
fn each_db_has_a_lane_which_never_selects_another() {
    let sent = by_db(&[], &["SET a 1", "SELECT 2", "SELECT 3", "SET b 2", "SET c 3", "PING", "SELECT 0", "DEL a"]);
    assert_eq!(sent, ["0: SET a 1", "0: DEL a", "3: SET b 2", "3: SET c 3"]);
}

#[test]
fn a_transaction_is_one_unit_of_the_db_that_it_is_about() {
    let lines = ["MULTI", "SELECT 4", "SET a 1", "INCR b", "EXEC", "MULTI", "SET c 1", "EXEC"];
    assert_eq!(by_db(&[], &lines), ["4: MULTI; SET a 1; INCR b; EXEC", "4: MULTI; SET c 1; EXEC"]);
}

#[test]
fn a_transaction_over_several_dbs_makes_their_lanes_meet_and_comes_back() {
    let lines = ["SET x 1", "MULTI", "SET a 1", "SELECT 4", "INCR b", "EXEC"];
    let expected = ["0: SET x 1", "0: (executes)", "0: MULTI; SET a 1; SELECT 4; INCR b; SELECT 0; EXEC", "4: (meets)"];
    assert_eq!(by_db(&[], &lines), expected);
}

#[test]
fn a_key_that_goes_to_another_db_makes_their_lanes_meet() {
    assert_eq!(by_db(&[], &["MOVE a 3"]), ["0: (executes)", "0: MOVE a 3", "3: (meets)"]);
    assert_eq!(by_db(&[], &["COPY a b DB 3"]), ["0: (executes)", "0: COPY a b DB 3", "3: (meets)"]);
    assert_eq!(by_db(&[], &["COPY a b"]), ["0: COPY a b"]);
}

#[test]
fn a_lane_that_begins_behind_a_flush_of_everything_waits_for_it() {
    let sent = by_db(&[], &["SET a 1", "FLUSHALL", "SELECT 1", "SET b 1"]);
    assert_eq!(sent, ["0: SET a 1", "0: (executes)", "0: FLUSHALL", "1: (waits)", "1: SET b 1"]);
}

#[test]
fn of_a_transaction_under_rules_what_passes_stays_one_transaction() {
    let rules = [("rules.exclude.prefix", "tmp:"), ("rules.rename.add_prefix", "n:")];
    let lines = ["MULTI", "SET a 1", "SET tmp:a 1", "SELECT 4", "DEL tmp:b b", "EXEC", "MULTI", "DEL tmp:c", "EXEC"];
    let expected = ["0: (executes)", "0: MULTI; SET n:a 1; SELECT 4; DEL n:b; SELECT 0; EXEC", "4: (meets)"];
    assert_eq!(by_db(&rules, &lines), expected);
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
    assert_eq!(
        lanes[0],
        ["0: SET b 1", "0: (executes)", "0: RENAME a b", "0: SET b 2", "0: (executes)", "0: FLUSHALL"]
    );
    assert_eq!(lanes[1], ["0: SET a 1", "0: (meets)", "0: (meets)", "0: SET c 1"]);
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
    assert_eq!(bench.apply(), [["0: SET a 1"]]);
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// However the stream is cut into reads, each lane gets the same units, and the frontier ends at the stream's end.
    #[test]
    fn cuts_change_nothing(lines in lines(), cuts in prop::collection::vec(1..40usize, 1..60), lanes in 1..5usize) {
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let bytes = stream(&lines);
        let mut whole = Bench::new(lanes, &[]);
        whole.read(&bytes).unwrap();
        let expected = whole.apply();
        let mut cut = Bench::new(lanes, &[]);
        let (mut rest, mut sizes) = (bytes.as_slice(), cuts.iter().cycle());
        while !rest.is_empty() {
            let (read, left) = rest.split_at((*sizes.next().unwrap()).min(rest.len()));
            cut.read(read).unwrap();
            rest = left;
        }
        prop_assert_eq!(cut.apply(), expected);
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
        let carried = by_db(&[("rules.include.regex", ".*")], &lines);
        let plain = by_db(&[], &lines);
        prop_assert_eq!(carried, plain);
    }
}
