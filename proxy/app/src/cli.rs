//! The command line as typed. Flags that stand for a setting only name it: what they may hold is known to
//! `settings`, which reads them like the file.

use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::exit::Exit;

/// Carries a live Redis data set from one server to another while applications keep writing.
#[derive(Debug, Parser)]
#[command(name = "keyferry", version, propagate_version = true, max_term_width = 100, after_long_help = Exit::table())]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Carry the source's data to the target: a snapshot, then every change, until told to stop
    #[command(after_long_help = SYNC_HELP)]
    Sync(Box<Sync>),
    /// Look at both servers and say what would go wrong and what to do about it; changes nothing
    #[command(after_long_help = Exit::table())]
    Check(Box<Check>),
    /// Write the reference of all settings, as Markdown
    SettingsReference,
}

const SYNC_HELP: &str = "\
Examples:
  keyferry sync redis://old:6379 redis://new:6379
  keyferry sync --until-caught-up rediss://old:6380 unix:///run/redis.sock
  KEYFERRY_SOURCE_PASSWORD=… keyferry sync redis://reader@old redis://new --db-map 1=0
  keyferry sync migration.toml --set limits.lanes=8

The first SIGINT (Ctrl-C) or SIGTERM stops reading and lets everything that was read reach the target; a second
one ends at once. `keyferry --help` lists the exit codes.";

#[derive(Debug, Args)]
pub(crate) struct Sync {
    #[command(flatten)]
    pub(crate) migration: Migration,
    #[command(flatten)]
    pub(crate) run: Run,
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) migration: Migration,
    /// How the report is written
    #[arg(long, value_enum, default_value_t = ReportFormat::Text)]
    pub(crate) format: ReportFormat,
}

/// What is carried from where to where.
#[derive(Debug, Args)]
pub(crate) struct Migration {
    // Given as `help`, since rustdoc would take the brackets for links.
    #[arg(
        value_name = "SOURCE|FILE",
        help = "The source's URL: redis://[user[:password]@]host[:port][/db], rediss://… for TLS, or unix:///path[?db=n]; or, alone, a settings file (TOML)"
    )]
    pub(crate) source: String,
    /// The target's URL, in the same forms
    #[arg(value_name = "TARGET")]
    pub(crate) target: Option<String>,
    #[command(flatten)]
    pub(crate) carried: Carried,
    #[command(flatten)]
    pub(crate) source_end: SourceEnd,
    #[command(flatten)]
    pub(crate) target_end: TargetEnd,
    /// Any setting by its name, as in limits.lanes=8; repeatable. All names: keyferry settings-reference
    #[arg(long, value_name = "NAME=VALUE", help_heading = "Options")]
    pub(crate) set: Vec<String>,
    /// What is logged to standard error: error, warn, info, debug, trace, or a list such as info,keyferry_link=debug
    #[arg(long, value_name = "LEVEL", env = "KEYFERRY_LOG", help_heading = "Options")]
    pub(crate) log_level: Option<String>,
    /// How log lines look: text or json
    #[arg(long, value_name = "FORMAT", help_heading = "Options")]
    pub(crate) log_format: Option<String>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "What is carried")]
pub(crate) struct Carried {
    /// Carry the snapshot alone, and end
    #[arg(long, conflicts_with = "until_caught_up")]
    pub(crate) snapshot_only: bool,
    /// End once the target has everything that the source had
    #[arg(long)]
    pub(crate) until_caught_up: bool,
    /// What happens to a key of the snapshot that the target has already: replace (default), skip or error
    #[arg(long, value_name = "WHAT")]
    pub(crate) on_existing: Option<String>,
    /// Delete every key on the target first; WORDS are: delete-all-keys-on-target
    #[arg(long, value_name = "WORDS")]
    pub(crate) flush_target: Option<String>,
    /// Carry only this db; repeatable
    #[arg(long, value_name = "DB")]
    pub(crate) include_db: Vec<String>,
    /// Carry only keys that begin with this; repeatable
    #[arg(long, value_name = "PREFIX")]
    pub(crate) include_prefix: Vec<String>,
    /// Leave this db out; repeatable
    #[arg(long, value_name = "DB")]
    pub(crate) exclude_db: Vec<String>,
    /// Leave keys out that begin with this; repeatable
    #[arg(long, value_name = "PREFIX")]
    pub(crate) exclude_prefix: Vec<String>,
    /// Carry a db to another, as in 1=0, or *=0 for all that are not named; repeatable
    #[arg(long, value_name = "FROM=TO")]
    pub(crate) db_map: Vec<String>,
    /// Parallel connections to the target
    #[arg(long, value_name = "NUMBER")]
    pub(crate) lanes: Option<String>,
}

/// How a run shows itself.
#[derive(Debug, Args)]
#[command(next_help_heading = "How the run shows itself")]
pub(crate) struct Run {
    /// Serve /metrics, /status, /healthz and /readyz on this address, such as 127.0.0.1:9100
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<String>,
    /// How progress is shown: bars on a terminal, else one line an interval; json is one object a line
    #[arg(long, value_enum, default_value_t = ProgressFormat::Auto)]
    pub(crate) format: ProgressFormat,
    /// How often a line is written
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = interval)]
    pub(crate) progress_interval: Duration,
    /// Start although the check was not made; WORDS are: start-without-check
    #[arg(long, value_name = "WORDS", value_parser = ["start-without-check"])]
    pub(crate) skip_check: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    Text,
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProgressFormat {
    Auto,
    Bars,
    Lines,
    Json,
}

fn interval(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(time) if time >= Duration::from_millis(100) => Ok(time),
        Ok(_) => Err("at least 100ms is needed".to_owned()),
        Err(_) => Err("a time is written as 10s, 500ms or 1m 30s".to_owned()),
    }
}

/// The flags that both ends have, under their own names.
macro_rules! end {
    ($name:ident, $end:literal, $heading:literal) => {
        #[derive(Debug, Args)]
        #[command(next_help_heading = $heading)]
        pub(crate) struct $name {
            #[arg(id = concat!($end, "_username"), long = concat!($end, "-username"), value_name = "NAME", help = "ACL user, where the URL names none")]
            pub(crate) username: Option<String>,
            #[arg(id = concat!($end, "_password_env"), long = concat!($end, "-password-env"), value_name = "VARIABLE", help = "Environment variable that holds the password")]
            pub(crate) password_env: Option<String>,
            #[arg(id = concat!($end, "_password_file"), long = concat!($end, "-password-file"), value_name = "FILE", help = "File that holds the password")]
            pub(crate) password_file: Option<String>,
            #[arg(id = concat!($end, "_ca"), long = concat!($end, "-ca"), value_name = "FILE", help = "PEM file of the authorities that signed the server's certificate")]
            pub(crate) ca: Option<String>,
            #[arg(id = concat!($end, "_cert"), long = concat!($end, "-cert"), value_name = "FILE", help = "PEM file of our own certificate")]
            pub(crate) cert: Option<String>,
            #[arg(id = concat!($end, "_key"), long = concat!($end, "-key"), value_name = "FILE", help = "PEM file of its private key")]
            pub(crate) key: Option<String>,
            #[arg(id = concat!($end, "_server_name"), long = concat!($end, "-server-name"), value_name = "NAME", help = "Name that the server's certificate holds, where it is not the host")]
            pub(crate) server_name: Option<String>,
            #[arg(id = concat!($end, "_tls_verify"), long = concat!($end, "-tls-verify"), value_name = "WORDS", help = "Whether the certificate is verified: full (default), or the words accept-any-certificate")]
            pub(crate) tls_verify: Option<String>,
        }

        impl $name {
            /// The settings that these flags stand for: flag, path, value.
            pub(crate) fn settings(&self) -> [(&'static str, &'static str, &Option<String>); 8] {
                [
                    (concat!("--", $end, "-username"), concat!($end, ".username"), &self.username),
                    (concat!("--", $end, "-password-env"), concat!($end, ".password_env"), &self.password_env),
                    (concat!("--", $end, "-password-file"), concat!($end, ".password_file"), &self.password_file),
                    (concat!("--", $end, "-ca"), concat!($end, ".tls.ca_file"), &self.ca),
                    (concat!("--", $end, "-cert"), concat!($end, ".tls.client_cert"), &self.cert),
                    (concat!("--", $end, "-key"), concat!($end, ".tls.client_key"), &self.key),
                    (concat!("--", $end, "-server-name"), concat!($end, ".tls.server_name"), &self.server_name),
                    (concat!("--", $end, "-tls-verify"), concat!($end, ".tls.verify"), &self.tls_verify),
                ]
            }
        }
    };
}

end!(SourceEnd, "source", "Source");
end!(TargetEnd, "target", "Target");
