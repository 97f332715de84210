//! However an RDB is cut, the events are the same.

use proptest::prelude::*;

use super::sample;
use crate::{Decoder, Error, Event, Expansion, Limits, Step};

/// All events as text, with big values expanded; or those before an error, and the error.
pub(super) fn events<'a>(parts: impl IntoIterator<Item = &'a [u8]>, limits: Limits) -> (Vec<String>, Option<Error>) {
    let mut decoder = Decoder::new(limits);
    let mut found = Vec::new();
    for part in parts {
        decoder.feed(part);
        loop {
            match decoder.next() {
                Ok(Step::NeedMore) => break,
                Ok(Step::Event(event)) => {
                    found.push(format!("{event:?}"));
                    if let Event::Big(head) = event {
                        let (key, deadline) = (head.key.to_vec(), head.deadline);
                        match key.last().is_some_and(|byte| byte % 2 == 0) {
                            true => decoder.discard(),
                            false => {
                                decoder.expand(&key, Expansion { replace: true, deadline, ..Expansion::default() })
                            }
                        }
                    }
                }
                Err(error) => return (found, Some(error)),
            }
        }
    }
    let end = decoder.finish().err();
    (found, end)
}

/// Limits under which everything in the sample beyond a few bytes is big.
fn small() -> Limits {
    Limits { opaque_bytes_max: 24, piece_bytes: 64, ..Limits::default() }
}

#[test]
fn one_byte_at_a_time_in_halves_and_whole_give_equal_events() {
    let rdb = sample::everything();
    for limits in [Limits::default(), small()] {
        let whole = events([rdb.as_slice()], limits);
        assert_eq!(whole.1, None, "{:?}", whole.0.last());
        assert_eq!(events(rdb.chunks(1), limits), whole);
        assert_eq!(events(rdb.chunks(rdb.len().div_ceil(2)), limits), whole);
        for cut in 0..rdb.len() {
            let (left, right) = rdb.split_at(cut);
            assert_eq!(events([left, right], limits), whole, "cut at {cut}");
        }
    }
}

#[test]
fn pieces_as_small_as_can_be_still_make_a_value() {
    let limits = Limits { opaque_bytes_max: 0, piece_bytes: 0, ..Limits::default() };
    let (events, error) = events([sample::everything().as_slice()], limits);
    assert_eq!(error, None);
    let lasts = events.iter().filter(|event| event.starts_with("Piece") && event.contains("last: true")).count();
    let bigs = events.iter().filter(|event| event.starts_with("Big")).count();
    assert!(lasts > 5 && lasts < bigs, "{lasts} expanded, {bigs} big");
}

#[test]
fn an_rdb_cut_anywhere_is_truncated() {
    let rdb = sample::everything();
    for limits in [Limits::default(), small()] {
        for len in 0..rdb.len() {
            let (_, error) = events([&rdb[..len]], limits);
            assert!(matches!(error, Some(Error::Truncated { at, .. }) if at == len as u64), "{len}: {error:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn damaged_bytes_give_the_same_error_or_events_however_they_are_cut(
        flips in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        size in 1_usize..40,
        tiny in any::<bool>(),
    ) {
        let mut rdb = sample::everything();
        for (place, value) in flips {
            let place = place.index(rdb.len());
            rdb[place] = value;
        }
        let limits = if tiny { small() } else { Limits::default() };
        let (whole, whole_error) = events([rdb.as_slice()], limits);
        let (parts, parts_error) = events(rdb.chunks(size), limits);
        prop_assert_eq!(whole, parts);
        prop_assert_eq!(whole_error, parts_error);
    }

    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let mut rdb = b"REDIS0011".to_vec();
        rdb.extend_from_slice(&bytes);
        events([rdb.as_slice()], small());
        events([bytes.as_slice()], small());
    }
}
