//! The commands that a migration sends to either side, each with when it is needed and how it can be tried.

use settings::{OnExisting, ReplicaCommand};

/// A key that no data set has, for commands that must name one.
pub(crate) const KEY: &str = "keyferry:preflight:no-such-key";

/// When a right is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// In every migration.
    Always,
    /// Wherever changes are carried, not only a snapshot.
    Changes,
    /// Only where the source's clients use it, or after a link was lost.
    IfUsed,
}

/// A command that the migration will send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
    /// The command and arguments that could stand with it.
    pub words: &'static [&'static str],
    /// When it is needed.
    pub when: When,
    /// How it can be tried where the server cannot be asked.
    pub(crate) trial: Trial,
}

/// How a command can be tried without an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trial {
    /// As it is: it changes nothing (EXEC: there is no transaction to execute).
    Direct,
    /// As it is, on servers that refuse a malformed PSYNC before doing anything for it.
    MalformedPsync,
    /// Queued in a transaction that is discarded.
    Queued,
    /// Not at all: were a server not to queue it, too much would be lost.
    Never,
}

/// What the migration sends to a source. `has_commands_of_7` is what is known of its version.
pub(crate) fn on_source(command: ReplicaCommand, has_commands_of_7: Option<bool>) -> Vec<Need> {
    use Trial::{Direct, MalformedPsync, Never};
    use When::{Always, Changes, IfUsed};
    let stream = match command {
        ReplicaCommand::Psync => need(&["PSYNC", "?", "none"], Always, MalformedPsync),
        ReplicaCommand::Sync => need(&["SYNC"], Always, Never),
    };
    let mut needs = vec![
        stream,
        need(&["REPLCONF", "capa", "eof"], Always, Direct),
        need(&["PING"], Changes, Direct),
        need(&["INFO", "server"], IfUsed, Direct),
        need(&["COMMAND"], IfUsed, Direct),
        need(&["TIME"], IfUsed, Direct),
    ];
    // SYNC tells no offsets, and without them no state copy can be taken.
    if command == ReplicaCommand::Psync {
        needs.extend(for_state_copies(has_commands_of_7));
    }
    needs
}

/// What a state copy takes beside INFO and TIME: keys are read anew from the source, each in a transaction, where a lost
/// link leaves open whether the target has their last writes.
fn for_state_copies(has_commands_of_7: Option<bool>) -> Vec<Need> {
    use Trial::{Direct, Queued};
    use When::IfUsed;
    let mut needs = vec![
        need(&["SELECT", "0"], IfUsed, Direct),
        need(&["MULTI"], IfUsed, Queued),
        need(&["DUMP", KEY], IfUsed, Direct),
        need(&["ROLE"], IfUsed, Direct),
        need(&["EXEC"], IfUsed, Direct),
    ];
    // The version decides which of the two is sent; where it is not known, it may be either.
    if has_commands_of_7 != Some(false) {
        needs.push(need(&["PEXPIRETIME", KEY], IfUsed, Direct));
    }
    if has_commands_of_7 != Some(true) {
        needs.push(need(&["PTTL", KEY], IfUsed, Direct));
    }
    needs
}

/// What the migration sends to a target: what carries it, and one command of every kind that a stream holds.
pub(crate) fn on_target(on_existing: OnExisting) -> Vec<Need> {
    use Trial::{Direct, Never, Queued};
    use When::{Always, Changes, IfUsed};
    let mut needs = vec![
        need(&["RESTORE", KEY, "0", "x", "REPLACE"], Always, Queued),
        need(&["SELECT", "0"], Always, Direct),
        need(&["DEL", KEY], Always, Queued),
        need(&["INFO", "server"], Always, Direct),
        need(&["MULTI"], Changes, Queued),
        need(&["EXEC"], Changes, Direct),
    ];
    // A plain string of the snapshot goes by it, where it may replace what is there.
    let set = if on_existing == OnExisting::Replace { Always } else { Changes };
    needs.push(need(&["SET", KEY, "x"], set, Queued));
    // A value that travels in pieces is not refused by a RESTORE: the target is asked first.
    if on_existing != OnExisting::Replace {
        needs.push(need(&["EXISTS", KEY], IfUsed, Direct));
    }
    let writes: [&[&str]; 29] = [
        &["APPEND", KEY, "x"],
        &["INCRBY", KEY, "1"],
        &["SETRANGE", KEY, "0", "x"],
        &["SETBIT", KEY, "0", "1"],
        &["MSET", KEY, "x"],
        &["UNLINK", KEY],
        &["PEXPIREAT", KEY, "1"],
        &["PERSIST", KEY],
        &["RENAME", KEY, KEY],
        &["MOVE", KEY, "1"],
        &["LPUSH", KEY, "x"],
        &["RPUSH", KEY, "x"],
        &["LPOP", KEY],
        &["LTRIM", KEY, "0", "0"],
        &["RPOPLPUSH", KEY, KEY],
        &["SADD", KEY, "x"],
        &["SREM", KEY, "x"],
        &["ZADD", KEY, "1", "x"],
        &["ZREM", KEY, "x"],
        &["ZUNIONSTORE", KEY, "1", KEY],
        &["HSET", KEY, "x", "x"],
        &["HDEL", KEY, "x"],
        &["HINCRBY", KEY, "x", "1"],
        &["XADD", KEY, "1-1", "x", "x"],
        &["XGROUP", "CREATE", KEY, "x", "$"],
        &["XCLAIM", KEY, "x", "x", "0", "1-1"],
        &["PFADD", KEY, "x"],
        &["GEOADD", KEY, "0", "0", "x"],
        &["BITOP", "NOT", KEY, KEY],
    ];
    needs.extend(writes.map(|words| need(words, Changes, Queued)));
    needs.extend([
        need(&["EVAL", "return 1", "0"], IfUsed, Queued),
        need(&["SCRIPT", "LOAD", "return 1"], IfUsed, Queued),
        need(&["FUNCTION", "RESTORE", "x"], IfUsed, Queued),
        need(&["PUBLISH", "keyferry:preflight", "x"], IfUsed, Queued),
        need(&["SPUBLISH", "keyferry:preflight", "x"], IfUsed, Queued),
        need(&["FLUSHDB"], IfUsed, Never),
        need(&["FLUSHALL"], IfUsed, Never),
        need(&["SWAPDB", "0", "1"], IfUsed, Never),
    ]);
    needs
}

fn need(words: &'static [&'static str], when: When, trial: Trial) -> Need {
    Need { words, when, trial }
}

impl Need {
    /// The command's name, with its sub-command where it has one.
    pub fn name(&self) -> String {
        let words = if matches!(self.words.first(), Some(&("SCRIPT" | "FUNCTION" | "XGROUP"))) { 2 } else { 1 };
        self.words.iter().take(words).copied().collect::<Vec<_>>().join(" ")
    }

    /// The command as it is sent.
    pub(crate) fn args(&self) -> Vec<&'static [u8]> {
        self.words.iter().map(|word| word.as_bytes()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(needs: &[Need]) -> Vec<String> {
        needs.iter().map(Need::name).collect()
    }

    #[test]
    fn state_copies_ask_for_the_deadline_as_the_version_tells_it() {
        for (has_commands_of_7, expect) in
            [(Some(true), &["PEXPIRETIME"][..]), (Some(false), &["PTTL"]), (None, &["PEXPIRETIME", "PTTL"])]
        {
            let mut asked = names(&on_source(ReplicaCommand::Psync, has_commands_of_7));
            asked.retain(|name| ["PEXPIRETIME", "PTTL"].contains(&name.as_str()));
            assert_eq!(asked, expect, "{has_commands_of_7:?}");
        }
        let by_sync = names(&on_source(ReplicaCommand::Sync, Some(true)));
        assert_eq!(by_sync, ["SYNC", "REPLCONF", "PING", "INFO", "COMMAND", "TIME"]);
    }

    #[test]
    fn a_target_is_asked_what_exists_only_where_that_matters() {
        for (on_existing, expect) in [(OnExisting::Replace, false), (OnExisting::Skip, true), (OnExisting::Error, true)]
        {
            let asked = names(&on_target(on_existing));
            assert_eq!(asked.contains(&"EXISTS".to_owned()), expect, "{on_existing:?}");
        }
    }

    #[test]
    fn nothing_that_empties_a_target_is_ever_tried() {
        for need in on_target(OnExisting::Skip) {
            let destroys = ["FLUSHDB", "FLUSHALL", "SWAPDB"].contains(&need.name().as_str());
            assert_eq!(destroys, need.trial == Trial::Never, "{need:?}");
        }
    }
}
