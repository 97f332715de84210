//! From a command's name to its [`Spec`], in a few nanoseconds and without allocating.

use std::borrow::Cow;

use crate::builtin::COMMANDS;
use crate::spec::{Access, Class, Group, KeySpec, Range, Spec};

/// The commands that are known: ours, and after [`Table::merge`] a server's own.
#[derive(Clone, Debug)]
pub struct Table {
    commands: Vec<Command>,
    /// An open hash index: positions in `commands` plus one, 0 for an empty place. Its length is a power of two.
    index: Vec<u16>,
}

/// One element of a server's `COMMAND` reply, or of a sub-command list in it (its name is then `container|sub`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerCommand {
    /// The name, in any case.
    pub name: String,
    /// The arity, as [`Spec::arity`] has it.
    pub arity: i64,
    /// The flags: `write`, `readonly`, `movablekeys` …
    pub flags: Vec<String>,
    /// Position of the first key; 0 where there is none.
    pub first_key: i64,
    /// Position of the last key; negative counts from the end.
    pub last_key: i64,
    /// Distance from key to key.
    pub step: i64,
}

#[derive(Clone, Debug)]
struct Command {
    spec: Spec,
    subs: Vec<Spec>,
}

impl Table {
    /// Our own table, of the commands of Redis 7.2 and some later ones.
    pub fn builtin() -> Table {
        let mut table = Table { commands: Vec::with_capacity(COMMANDS.len()), index: Vec::new() };
        for spec in COMMANDS {
            table.add(spec.clone());
        }
        table
    }

    /// Learns the commands of a server that we do not know: a module's, and those of versions to come. Of commands
    /// we know, only the arity is taken, since later versions add options.
    pub fn merge(&mut self, server: &[ServerCommand]) {
        for command in server {
            let arity = i32::try_from(command.arity).unwrap_or(-1);
            match self.find_mut(&command.name) {
                Some(known) => known.arity = arity,
                None => self.add(spec_of(command, arity)),
            }
        }
    }

    /// The command of this name in any case, or `None`. Of a container (`XGROUP`) this is what all its sub-commands
    /// have in common: [`Table::resolve`] finds the sub-command.
    pub fn lookup(&self, name: &[u8]) -> Option<&Spec> {
        self.find(name).map(|command| &command.spec)
    }

    /// The command, or the sub-command, that these arguments call; `None` where it is not known or there are no
    /// arguments. A sub-command is known by its container's name and argument 1.
    pub fn resolve(&self, args: &[&[u8]]) -> Option<&Spec> {
        let command = self.find(args.first()?)?;
        if command.subs.is_empty() {
            return Some(&command.spec);
        }
        let sub = args.get(1)?;
        command.subs.iter().find(|spec| spec.name.split_once('|').is_some_and(|(_, name)| same(name, sub)))
    }

    /// Every command and sub-command, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = &Spec> {
        self.commands.iter().flat_map(|command| std::iter::once(&command.spec).chain(&command.subs))
    }

    fn find(&self, name: &[u8]) -> Option<&Command> {
        self.position(name).and_then(|position| self.commands.get(position))
    }

    fn find_mut(&mut self, name: &str) -> Option<&mut Spec> {
        let (container, sub) = split(name);
        let position = self.position(container.as_bytes())?;
        let command = self.commands.get_mut(position)?;
        match sub {
            None => Some(&mut command.spec),
            Some(_) => command.subs.iter_mut().find(|spec| same(&spec.name, name.as_bytes())),
        }
    }

    /// Adds a command that is not there yet. A sub-command goes to its container; where that is not known, or is of
    /// one class whatever follows (`CLIENT`), there is nothing to tell apart and the sub-command is left out.
    fn add(&mut self, spec: Spec) {
        let (container, sub) = split(&spec.name);
        if sub.is_some() {
            let parent = self.position(container.as_bytes()).and_then(|position| self.commands.get_mut(position));
            if let Some(parent) = parent.filter(|parent| parent.accepts(&spec)) {
                parent.subs.push(spec);
            }
            return;
        }
        // 65534 commands are more than any server has; positions are kept in 16 bits for the cache's sake.
        if self.commands.len() < usize::from(u16::MAX - 1) {
            self.commands.push(Command { spec, subs: Vec::new() });
            self.reindex();
        }
    }

    /// Rebuilds the index where it is more than a quarter full, else adds the last command to it.
    fn reindex(&mut self) {
        if self.commands.len() * 4 <= self.index.len() {
            let last = self.commands.len() - 1;
            self.insert(last);
            return;
        }
        let places = (self.commands.len() * 8).next_power_of_two();
        self.index = vec![0; places];
        for position in 0..self.commands.len() {
            self.insert(position);
        }
    }

    fn insert(&mut self, position: usize) {
        let Some(command) = self.commands.get(position) else { return };
        let mask = self.index.len().wrapping_sub(1);
        let mut at = hash(command.spec.name.as_bytes()) & mask;
        // Three of four places are empty, so this ends.
        while let Some(place) = self.index.get_mut(at) {
            if *place == 0 {
                *place = u16::try_from(position + 1).unwrap_or(0);
                return;
            }
            at = (at + 1) & mask;
        }
    }

    fn position(&self, name: &[u8]) -> Option<usize> {
        let mask = self.index.len().wrapping_sub(1);
        let mut at = hash(name) & mask;
        loop {
            let position = usize::from(*self.index.get(at)?).checked_sub(1)?;
            if same(&self.commands.get(position)?.spec.name, name) {
                return Some(position);
            }
            at = (at + 1) & mask;
        }
    }
}

impl Default for Table {
    fn default() -> Table {
        Table::builtin()
    }
}

impl Command {
    /// Whether this sub-command is to be told apart from its container.
    fn accepts(&self, sub: &Spec) -> bool {
        !self.subs.is_empty()
            || self.spec.group == Group::Unknown
            || COMMANDS.iter().any(|known| known.name == sub.name)
    }
}

/// Our reading of what a server says of a command that we do not know.
fn spec_of(command: &ServerCommand, arity: i32) -> Spec {
    let has = |flag: &str| command.flags.iter().any(|have| have.eq_ignore_ascii_case(flag));
    let write = has("write");
    let access = if has("readonly") && !write { Access::Read } else { Access::Update };
    let keys = match (usize::try_from(command.first_key), usize::try_from(command.step)) {
        _ if has("movablekeys") => KeySpec::Unmapped,
        (Ok(first @ 1..), Ok(step @ 1..)) => {
            let last = i32::try_from(command.last_key).unwrap_or(-1);
            KeySpec::Ranges(Range { first, last, step, access }, None)
        }
        (Ok(0), _) => KeySpec::None,
        _ => KeySpec::Unmapped,
    };
    let class = match keys {
        _ if !write && has("readonly") => Class::Read,
        _ if !write && has("pubsub") => Class::Publish,
        _ if !write && has("admin") => Class::Admin,
        KeySpec::None => Class::Server,
        _ => Class::Write,
    };
    Spec { name: Cow::Owned(command.name.to_ascii_uppercase()), arity, class, group: Group::Unknown, keys }
}

fn split(name: &str) -> (&str, Option<&str>) {
    name.split_once('|').map_or((name, None), |(container, sub)| (container, Some(sub)))
}

fn same(upper: &str, name: &[u8]) -> bool {
    upper.as_bytes().eq_ignore_ascii_case(name)
}

/// Mixes the length, the first eight and the last eight bytes with the case bit set, which tells all names apart that
/// servers have. Names come from a server that the operator chose, so that no seed is needed.
fn hash(name: &[u8]) -> usize {
    const CASE: u64 = 0x2020_2020_2020_2020;
    const MIX: u64 = 0x9e37_79b9_7f4a_7c15;
    let (head, tail) = match (name.first_chunk::<8>(), name.last_chunk::<8>()) {
        (Some(head), Some(tail)) => (u64::from_le_bytes(*head), u64::from_le_bytes(*tail)),
        _ => (name.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)), 0),
    };
    let mixed = ((head | CASE).wrapping_mul(MIX) ^ (tail | CASE).rotate_left(29)).wrapping_mul(MIX);
    let length = u64::try_from(name.len()).unwrap_or(u64::MAX);
    usize::try_from((mixed ^ length.wrapping_mul(MIX)) >> 40).unwrap_or(0)
}
