use proptest::prelude::*;
use record::Offset;

use crate::frontier::{Frontier, Ticket};

#[test]
fn the_frontier_is_the_end_of_what_is_done_without_a_gap() {
    let mut frontier = Frontier::new(Offset(10));
    let first = frontier.open(Offset(40), 2);
    let second = frontier.open(Offset(70), 1);
    let third = frontier.open(Offset(90), 1);
    assert_eq!((frontier.at(), frontier.end(), frontier.waiting()), (Offset(10), Offset(90), 3));
    assert_eq!(frontier.done(second), None);
    assert_eq!(frontier.done(first), None);
    assert_eq!(frontier.done(first), Some(Offset(70)));
    assert_eq!(frontier.done(third), Some(Offset(90)));
    assert_eq!((frontier.at(), frontier.end(), frontier.waiting()), (Offset(90), Offset(90), 0));
}

#[test]
fn bytes_that_need_nothing_wait_for_what_is_before_them_only() {
    let mut frontier = Frontier::new(Offset(0));
    assert_eq!(frontier.advance_idle(Offset(14)), Some(Offset(14)));
    assert_eq!(frontier.advance_idle(Offset(14)), None);
    let ticket = frontier.open(Offset(20), 1);
    assert_eq!(frontier.advance_idle(Offset(34)), None);
    assert_eq!(frontier.done(ticket), Some(Offset(34)));
    frontier.open(Offset(50), 0);
    assert_eq!(frontier.at(), Offset(50));
}

/// The model: every stretch with its parts; the frontier is found by looking at all of them each time.
struct Model {
    start: Offset,
    stretches: Vec<(Offset, u32)>,
}

impl Model {
    fn at(&self) -> Offset {
        self.stretches.iter().take_while(|(_, parts)| *parts == 0).last().map_or(self.start, |(end, _)| *end)
    }
}

proptest! {
    #[test]
    fn the_frontier_is_that_of_a_model_that_looks_at_everything(
        start in 0..1000_u64,
        steps in prop::collection::vec((0..3_u8, 0..4_u32, any::<prop::sample::Index>()), 0..200),
    ) {
        let mut frontier = Frontier::new(Offset(start));
        let mut model = Model { start: Offset(start), stretches: vec![] };
        let mut under_way: Vec<(Ticket, usize)> = vec![];
        for (kind, number, pick) in steps {
            let before = model.at();
            let end = frontier.end() + u64::from(number) * 10;
            let told = match kind {
                0 => {
                    let ticket = frontier.open(end, number);
                    under_way.extend((0..number).map(|_| (ticket, model.stretches.len())));
                    model.stretches.push((end, number));
                    None
                }
                1 => {
                    model.stretches.push((end, 0));
                    frontier.advance_idle(end)
                }
                _ if under_way.is_empty() => None,
                _ => {
                    let (ticket, place) = under_way.swap_remove(pick.index(under_way.len()));
                    model.stretches[place].1 -= 1;
                    frontier.done(ticket)
                }
            };
            prop_assert_eq!(frontier.at(), model.at());
            if kind != 0 {
                prop_assert_eq!(told, (model.at() > before).then_some(model.at()));
            }
            prop_assert!(frontier.waiting() <= model.stretches.len());
        }
        for (ticket, _) in under_way {
            frontier.done(ticket);
        }
        prop_assert_eq!((frontier.at(), frontier.waiting()), (frontier.end(), 0));
    }
}
