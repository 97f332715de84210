use commands::Table;
use proptest::prelude::*;

use super::args;
use crate::lanes::{Error, Lanes, Placement};

fn place(lanes: Lanes, line: &str) -> Result<Placement, Error> {
    let args = args(line);
    lanes.place(Table::builtin().resolve(&args).unwrap(), &args)
}

#[test]
fn a_command_goes_to_the_lanes_of_its_keys() {
    let lanes = Lanes::new(16).unwrap();
    let (a, b) = (lanes.lane_of(b"a"), lanes.lane_of(b"b"));
    assert_ne!(a, b);
    assert_eq!(place(lanes, "SET a 1"), Ok(Placement::One(a)));
    assert_eq!(place(lanes, "GET a"), Ok(Placement::One(a)));
    assert_eq!(place(lanes, "RENAME {a}1 {a}2"), Ok(Placement::One(a)));
    let both = place(lanes, "DEL a b a").unwrap();
    let Placement::Several(set) = both else { panic!("{both:?}") };
    assert_eq!(set.iter().collect::<Vec<_>>(), [a.min(b), a.max(b)]);
    assert_eq!((set.len(), set.is_empty(), set.contains(a), set.contains(64)), (2, false, true, false));
    assert_eq!(place(lanes, "EVAL s 1 b"), Ok(Placement::One(b)));
    for line in ["EVAL s 0", "FLUSHDB", "SWAPDB 0 1", "SCRIPT LOAD x", "FUNCTION FLUSH"] {
        assert_eq!(place(lanes, line), Ok(Placement::All), "{line}");
    }
    for line in ["MULTI", "PING", "SELECT 1", "REPLCONF GETACK *", "DBSIZE"] {
        assert_eq!(place(lanes, line), Ok(Placement::Any), "{line}");
    }
    assert_eq!(place(lanes, "PUBLISH a m"), Ok(Placement::One(a)));
    let error = place(lanes, "CONFIG SET a b").unwrap_err();
    assert!(error.to_string().starts_with("CONFIG is about a connection or the server itself"));
    assert!(matches!(place(lanes, "GET"), Err(Error::Keys(_))));
}

#[test]
fn there_are_1_to_64_lanes() {
    for count in [1, 2, 63, 64] {
        assert_eq!(Lanes::new(count).map(|lanes| lanes.count()), Ok(count));
    }
    for count in [0, 65, 256, 257, usize::MAX] {
        assert_eq!(Lanes::new(count), Err(Error::Count { given: count }));
    }
}

#[test]
fn every_lane_gets_its_share() {
    let lanes = Lanes::new(7).unwrap();
    let mut counts = [0; 7];
    (0..70_000).for_each(|key| counts[lanes.lane_of(format!("user:{key}").as_bytes())] += 1);
    assert!(counts.iter().all(|count| (9_000..11_000).contains(count)), "{counts:?}");
}

#[test]
fn a_transaction_goes_where_any_of_its_commands_goes() {
    let lanes = Lanes::new(64).unwrap();
    let (a, b) = (place(lanes, "SET a 1").unwrap(), place(lanes, "SET b 1").unwrap());
    let both = place(lanes, "DEL a b").unwrap();
    assert_eq!(a.join(a), a);
    assert_eq!(a.join(b), both);
    assert_eq!(both.join(a), both);
    assert_eq!(Placement::Any.join(a), a);
    assert_eq!(Placement::Any.join(Placement::Any), Placement::Any);
    assert_eq!(both.join(Placement::All), Placement::All);
    assert_eq!(Placement::All.join(Placement::Any), Placement::All);
}

proptest! {
    #[test]
    fn joining_is_the_place_of_all_keys_at_once(
        count in 1..=64_usize,
        left in prop::collection::vec("[a-z]{1,3}", 1..6),
        right in prop::collection::vec("[a-z]{1,3}", 1..6),
    ) {
        let lanes = Lanes::new(count).unwrap();
        let del = |keys: &[String]| place(lanes, &format!("DEL {}", keys.join(" "))).unwrap();
        let all = [left.clone(), right.clone()].concat();
        prop_assert_eq!(del(&left).join(del(&right)), del(&all));
        prop_assert_eq!(del(&right).join(del(&left)), del(&all));
    }
}
