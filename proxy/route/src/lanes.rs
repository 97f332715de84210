//! Which lanes a command goes to.
//!
//! A lane is one ordered connection. A key's lane is its cluster slot modulo the number of lanes, so it never changes,
//! and keys of one hash tag, which applications use together, share a lane. A command of several lanes is a barrier
//! for exactly those ([`Placement::Several`]); one that touches everything is a barrier for all.

use commands::{Class, Spec, slot};

/// How many lanes there are, and where keys go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lanes {
    count: u8,
}

/// Where a command, or a whole transaction, has to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    /// It may go anywhere, in no order with anything.
    Any,
    /// All its keys are of this lane.
    One(usize),
    /// Its keys are of these lanes, two or more: it waits for each, and each waits for it.
    Several(LaneSet),
    /// It touches everything: every lane must be empty before it, and it applied before every lane goes on.
    All,
}

/// A set of lanes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LaneSet(u64);

/// Why a command has no place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A number of lanes outside of 1 to [`Lanes::MAX`].
    #[error("there are 1 to {} lanes, not {given}", Lanes::MAX)]
    Count {
        /// The number asked for.
        given: usize,
    },
    /// The keys of the command cannot be told.
    #[error("cannot tell where a command goes: {0}")]
    Keys(#[from] commands::Error),
    /// A command about a connection or the server's running.
    #[error("{command} is about a connection or the server itself, it cannot be part of a stream of changes")]
    Admin {
        /// Its name.
        command: String,
    },
}

impl Lanes {
    /// The most lanes there can be: a set of them fits into one machine word.
    pub const MAX: usize = 64;

    /// So many lanes, 1 to 64.
    ///
    /// # Errors
    /// Where there are none or more than 64.
    pub fn new(count: usize) -> Result<Lanes, Error> {
        match u8::try_from(count) {
            Ok(lanes @ 1..) if count <= Lanes::MAX => Ok(Lanes { count: lanes }),
            _ => Err(Error::Count { given: count }),
        }
    }

    /// How many lanes there are; they are numbered from 0.
    pub fn count(&self) -> usize {
        usize::from(self.count)
    }

    /// The lane of a key.
    pub fn lane_of(&self, key: &[u8]) -> usize {
        usize::from(slot(key).number()) % self.count()
    }

    /// Where the command of this spec and these arguments goes. Messages go by their channel, so that those of one
    /// channel stay in order.
    ///
    /// # Errors
    /// Where the keys cannot be told, or the command cannot be part of a stream.
    pub fn place(&self, spec: &Spec, args: &[&[u8]]) -> Result<Placement, Error> {
        match spec.class() {
            Class::Read => self.place_keys(spec, args),
            // What writes and names no key may touch any: a script does.
            Class::Write | Class::Script => match self.place_keys(spec, args)? {
                Placement::Any => Ok(Placement::All),
                place => Ok(place),
            },
            Class::Barrier | Class::Server => Ok(Placement::All),
            Class::Publish => Ok(args.get(1).map_or(Placement::Any, |channel| Placement::One(self.lane_of(channel)))),
            Class::Control => Ok(Placement::Any),
            Class::Admin => Err(Error::Admin { command: spec.name().to_owned() }),
        }
    }

    fn place_keys(&self, spec: &Spec, args: &[&[u8]]) -> Result<Placement, Error> {
        let mut set = LaneSet::default();
        let mut previous: Option<usize> = None;
        for key in spec.keys(args)? {
            let lane = self.lane_of(args.get(key.position).copied().unwrap_or_default());
            if previous != Some(lane) {
                set.insert(lane);
                previous = Some(lane);
            }
        }
        Ok(set.placement())
    }
}

impl Placement {
    /// Where both go together: the lanes of either. A transaction's place is that of its commands joined.
    pub fn join(self, other: Placement) -> Placement {
        match (self, other) {
            (Placement::Any, place) | (place, Placement::Any) => place,
            (Placement::All, _) | (_, Placement::All) => Placement::All,
            (a, b) => LaneSet(a.lanes().0 | b.lanes().0).placement(),
        }
    }

    /// The lanes that it names; none of `Any` and `All`.
    fn lanes(self) -> LaneSet {
        let mut set = LaneSet::default();
        match self {
            Placement::One(lane) => set.insert(lane),
            Placement::Several(lanes) => set = lanes,
            Placement::Any | Placement::All => {}
        }
        set
    }
}

impl LaneSet {
    /// The lanes, in rising order.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        (0..Lanes::MAX).filter(move |lane| self.contains(*lane))
    }

    /// Whether this lane is one of them.
    pub fn contains(self, lane: usize) -> bool {
        lane < Lanes::MAX && self.0 >> lane & 1 == 1
    }

    /// How many they are.
    pub fn len(self) -> usize {
        usize::try_from(self.0.count_ones()).unwrap_or(Lanes::MAX)
    }

    /// True where there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    fn insert(&mut self, lane: usize) {
        if lane < Lanes::MAX {
            self.0 |= 1 << lane;
        }
    }

    fn placement(self) -> Placement {
        match self.len() {
            0 => Placement::Any,
            1 => usize::try_from(self.0.trailing_zeros()).map_or(Placement::All, Placement::One),
            _ => Placement::Several(self),
        }
    }
}
