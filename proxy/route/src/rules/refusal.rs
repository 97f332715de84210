//! What is said to the operator where a change cannot be carried under the rules.

use record::Db;

/// Why a change cannot be carried as the rules ask. Dropping it or sending it as it is would make the target differ
/// from what the rules promise, so the migration stops here. Each message ends with what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The command is in no table.
    #[error(
        "{command} is known neither to keyferry nor from the source's COMMAND reply, so the rules cannot be applied to \
         it. Exclude it (rules.exclude.command), or migrate without rules"
    )]
    Unknown {
        /// Its name, as it was sent.
        command: String,
    },
    /// The keys or dbs cannot be told from the arguments.
    #[error(
        "the rules cannot be applied to a command of which the keys cannot be told: {0}. Exclude the command \
         (rules.exclude.command), or migrate without rules about keys"
    )]
    Keys(#[from] commands::Error),
    /// Some keys pass, others do not, and the effect cannot be divided.
    #[error(
        "{command} names {carried}, which the rules carry, and {left_out}, which they do not ({rule}); what it does to \
         the one depends on the other. Change the rules so that both or neither pass, or exclude {command} \
         (rules.exclude.command) and carry such keys by a new snapshot"
    )]
    Partial {
        /// The command's name.
        command: String,
        /// A key that passes, with its db where that matters.
        carried: String,
        /// A key that does not.
        left_out: String,
        /// The rule that leaves it out.
        rule: String,
    },
    /// It may touch keys that it does not name.
    #[error(
        "{command} may read or write keys that it does not name ({why}), so rules about keys, types or names cannot be \
         applied to it. Use rules about dbs only, or exclude {command} (rules.exclude.command) and carry what it \
         changes by a new snapshot"
    )]
    Unnamed {
        /// The command's name.
        command: String,
        /// Which keys those are.
        why: &'static str,
    },
    /// The effect depends on a type of value that is left out.
    #[error(
        "{command} on {key}: {why}, and the rules carry only some types of values. Include all types that it may meet \
         (rules.include.type), or exclude {command} (rules.exclude.command) and carry such keys by a new snapshot"
    )]
    Kind {
        /// The command's name.
        command: String,
        /// Its first key.
        key: String,
        /// What cannot be told.
        why: &'static str,
    },
    /// A whole db or server would be emptied or swapped, of which this migration owns only a part.
    #[error(
        "{command} in db {db} of the source would take with it, on the target, what this migration does not carry: \
         {why}. Do it on the target by hand as far as it is meant there, and start again with a new snapshot; or \
         exclude {command} (rules.exclude.command) where the target shall keep these keys"
    )]
    Whole {
        /// The command's name.
        command: String,
        /// The db that was selected.
        db: Db,
        /// Which rule makes the target's db more than the source's.
        why: &'static str,
    },
    /// Two keys of the source would be one key of the target.
    #[error(
        "{command}: {first} and {second} of the source would be one key of the target. Change rules.db_map or \
         rules.rename so that they stay two"
    )]
    Collision {
        /// The command's name.
        command: String,
        /// The one key.
        first: String,
        /// The other.
        second: String,
    },
}
