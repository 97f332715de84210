//! Reads `[source]` and `[target]`: a URL, and beside it what a URL should not or cannot hold.

use std::path::{Path, PathBuf};

use crate::error::{Error, Place};
use crate::kind::{Choice, Count, File, Hidden, Maybe, Text, Url, YesNo};
use crate::section::{Field, Placed, Section};
use crate::{
    Address, Endpoint, FLUSH_WORDS, Lookup, OnExisting, Protocol, Replica, ReplicaCommand, Secret, Source, Target, Tls,
    VERIFY_OFF_WORDS, Verify, url,
};

/// What tells the two ends apart where they are read alike.
struct End {
    section: &'static str,
    /// The argument of the command line that may stand in the place of the section's `url`.
    argument: &'static str,
    username_env: &'static str,
    password_env: &'static str,
}

const SOURCE: End = End {
    section: "source",
    argument: "SOURCE",
    username_env: "KEYFERRY_SOURCE_USERNAME",
    password_env: "KEYFERRY_SOURCE_PASSWORD",
};

const TARGET: End = End {
    section: "target",
    argument: "TARGET",
    username_env: "KEYFERRY_TARGET_USERNAME",
    password_env: "KEYFERRY_TARGET_PASSWORD",
};

/// Reads `[source]`.
pub(crate) fn source(document: &mut Section<'_>, lookup: &dyn Lookup) -> Result<Source, Error> {
    document.section(SOURCE.section, "The server that is carried away from. It is only read.", |section| {
        let endpoint = endpoint(section, &SOURCE, lookup)?;
        let replica =
            section.section("replica", "How keyferry presents itself to the source as a replica.", replica)?;
        Ok(Source { endpoint, replica })
    })
}

/// Reads `[target]`.
pub(crate) fn target(document: &mut Section<'_>, lookup: &dyn Lookup) -> Result<Target, Error> {
    document.section(TARGET.section, "The server that is carried to.", |section| {
        let endpoint = endpoint(section, &TARGET, lookup)?;
        let on_existing = section.read(Field {
            name: "on_existing",
            kind: Choice(&[
                ("replace", OnExisting::Replace),
                ("skip", OnExisting::Skip),
                ("error", OnExisting::Error),
            ]),
            default: OnExisting::Replace,
            about: "What happens to a key of the snapshot that the target has already: the source's value takes its place, the target's value stays, or the run ends and names the key.",
            edge: "Changes of the live stream apply to every key, also to one that was skipped.",
        })?;
        let flush = section.read(Field {
            name: "flush",
            kind: Maybe(Choice(&[(FLUSH_WORDS, ())])),
            default: None,
            about: "Deletes every key on the target, in every db, before the snapshot begins. Only by these very words.",
            edge: "Nothing else flushes the target; without it, keys that only the target has stay there.",
        })?;
        let protocol = section.read(Field {
            name: "protocol",
            kind: Choice(&[("resp2", Protocol::Resp2), ("resp3", Protocol::Resp3), ("auto", Protocol::Auto)]),
            default: Protocol::Resp2,
            about: "Protocol spoken with the target; `auto` is RESP3 where the target knows `HELLO`.",
            edge: "With `resp3`, a target that does not know it ends the run.",
        })?;
        Ok(Target { endpoint, on_existing, flush: flush.is_some(), protocol })
    })
}

fn replica(section: &mut Section<'_>) -> Result<Replica, Error> {
    let port = section.read(Field {
        name: "announced_port",
        kind: Count(0..=u64::from(u16::MAX)),
        default: 0,
        about: "Port that the source shows for us in `INFO replication` and `ROLE`.",
        edge: "0 announces that nothing listens, so that no client or Sentinel is led here.",
    })?;
    let announced_ip = section.read(Field {
        name: "announced_ip",
        kind: Maybe(Text),
        default: None,
        about: "Address that the source shows for us; without it, the one that we connect from.",
        edge: "Sent by `REPLCONF ip-address`; a source that does not know it goes on without.",
    })?;
    let command = section.read(Field {
        name: "command",
        kind: Choice(&[("psync", ReplicaCommand::Psync), ("sync", ReplicaCommand::Sync)]),
        default: ReplicaCommand::Psync,
        about: "Which command asks for the stream. `psync` falls back to `SYNC` by itself where the source does not know it.",
        edge: "With `sync`, a broken link always means a new snapshot.",
    })?;
    let announced_port = u16::try_from(port).unwrap_or_default();
    Ok(Replica { announced_port, announced_ip, command })
}

/// Reads the part that both ends have.
fn endpoint(section: &mut Section<'_>, end: &End, lookup: &dyn Lookup) -> Result<Endpoint, Error> {
    let written = section.placed(Field {
        name: "url",
        kind: Maybe(Url),
        default: None,
        about: "Where the server is: `redis://[user[:password]@]host[:port][/db]`, `rediss://…` for TLS, or `unix:///path[?db=number]`. User, password and path are percent-encoded.",
        edge: "Needed. Port 6379 and db 0 where it names none. Every db is carried, whichever it names.",
    })?;
    let login = login(section)?;
    let tls =
        section.section("tls", "How the certificate of the server is judged. For `rediss://` only.", protection)?;
    let setting = section.path_of("url");
    let (Some(text), Some(place)) = (written.value, written.place) else {
        let advice = format!("write [{}] url = \"redis://host:port\", or give {}", end.section, end.argument);
        return Err(Error::Missing { setting, advice });
    };
    let mut endpoint = url::parse(&text).map_err(|problem| Error::Url {
        place: place.clone(),
        setting,
        shown: url::redacted(&text),
        problem,
    })?;
    login.resolve(&mut endpoint, &place, end, lookup)?;
    if let Some(given) = tls {
        given.resolve(&mut endpoint)?;
    }
    Ok(endpoint)
}

// === user and password ===

/// What was written beside the URL about who we are.
struct Login {
    username: Option<String>,
    password: Placed<Option<Secret>>,
    password_env: Placed<Option<String>>,
    password_file: Placed<Option<PathBuf>>,
}

fn login(section: &mut Section<'_>) -> Result<Login, Error> {
    let username = section.read(Field {
        name: "username",
        kind: Maybe(Text),
        default: None,
        about: "ACL user, where the URL names none. Also by the environment: `KEYFERRY_SOURCE_USERNAME`, `KEYFERRY_TARGET_USERNAME`.",
        edge: "Needs a password. Without a user, `AUTH` is for the server's user `default`.",
    })?;
    let password = section.placed(Field {
        name: "password",
        kind: Maybe(Hidden),
        default: None,
        about: "Password as it stands. Better kept out of the file, by one of the next two or by the environment: `KEYFERRY_SOURCE_PASSWORD`, `KEYFERRY_TARGET_PASSWORD`.",
        edge: "A password may be given once: here, in the URL, by `password_env` or by `password_file`. The variables named above count only where none of these is given.",
    })?;
    let password_env = section.placed(Field {
        name: "password_env",
        kind: Maybe(Text),
        default: None,
        about: "Name of the environment variable that holds the password.",
        edge: "A variable that is not set is an error.",
    })?;
    let password_file = section.placed(Field {
        name: "password_file",
        kind: Maybe(File),
        default: None,
        about: "File that holds the password and nothing else. Relative to the folder of the settings file.",
        edge: "One line end behind the password is left out. An empty file is an error.",
    })?;
    Ok(Login { username, password, password_env, password_file })
}

impl Login {
    /// Finds the one password and the user, and puts them into the endpoint, whose URL was written at `at`.
    fn resolve(self, endpoint: &mut Endpoint, at: &Place, end: &End, lookup: &dyn Lookup) -> Result<(), Error> {
        let conflict = |place: &Place, problem: String| Error::Conflict { place: place.clone(), problem };
        let twice = |what: &str| format!("the {what} of the {} is given twice; leave one of them out", end.section);

        if let Some(username) = self.username {
            if endpoint.username.as_ref().is_some_and(|known| *known != username) {
                return Err(conflict(at, twice("user name")));
            }
            endpoint.username = Some(username);
        }
        let mut given: Vec<(Secret, Place)> =
            endpoint.password.take().map(|secret| (secret, at.clone())).into_iter().collect();
        given.extend(self.password.value.zip(self.password.place));
        if let Some((name, place)) = self.password_env.value.zip(self.password_env.place) {
            given.push((from_env(&name, &place, end, lookup)?, place));
        }
        if let Some((path, place)) = self.password_file.value.zip(self.password_file.place) {
            given.push((from_file(&path, &place, end, lookup)?, place));
        }
        if let Some((_, place)) = given.get(1) {
            return Err(conflict(place, twice("password")));
        }
        let stated = given.into_iter().next().map(|(secret, _)| secret);
        let variable = |name: &str| lookup.env(name).filter(|text| !text.is_empty());
        endpoint.password = stated.or_else(|| variable(end.password_env).map(Secret::new));
        endpoint.username = endpoint.username.take().or_else(|| variable(end.username_env));
        if endpoint.username.is_some() && endpoint.password.is_none() {
            let problem = format!(
                "the {} has a user name but no password; give one, in the URL as user:password@host, by password_file or by {}. If the name was meant as the password, write :password@host",
                end.section, end.password_env
            );
            return Err(conflict(at, problem));
        }
        Ok(())
    }
}

fn from_env(name: &str, place: &Place, end: &End, lookup: &dyn Lookup) -> Result<Secret, Error> {
    lookup.env(name).filter(|text| !text.is_empty()).map(Secret::new).ok_or_else(|| Error::Secret {
        place: place.clone(),
        setting: format!("{}.password_env", end.section),
        problem: format!("the environment variable {name:?} is not set, empty, or not UTF-8"),
    })
}

fn from_file(path: &Path, place: &Place, end: &End, lookup: &dyn Lookup) -> Result<Secret, Error> {
    let failed = |problem: String| Error::Secret {
        place: place.clone(),
        setting: format!("{}.password_file", end.section),
        problem: format!("the file {}: {problem}", path.display()),
    };
    let bytes = lookup.file(path).map_err(|error| failed(error.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|_| failed("its content is not UTF-8".to_owned()))?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    match line {
        "" => Err(failed("it is empty".to_owned())),
        line if line.contains('\n') => Err(failed("it has more than one line; a password is one".to_owned())),
        line => Ok(Secret::new(line)),
    }
}

// === TLS ===

/// What was written in a `tls` section.
struct Protection {
    place: Place,
    ca_file: Option<PathBuf>,
    system_roots: Option<bool>,
    client_cert: Option<PathBuf>,
    client_key: Option<PathBuf>,
    server_name: Option<String>,
    verify: Verify,
}

fn protection(section: &mut Section<'_>) -> Result<Option<Protection>, Error> {
    let place = section.place().filter(|_| !section.is_empty()).cloned();
    let ca_file = section.read(Field {
        name: "ca_file",
        kind: Maybe(File),
        default: None,
        about: "PEM file of the authorities that may have signed the server's certificate.",
        edge: "Takes the place of the system's authorities, unless `system_roots = true`.",
    })?;
    let system_roots = section.read(Field {
        name: "system_roots",
        kind: Maybe(YesNo),
        default: None,
        about: "Whether the system's own authorities are trusted. Left out: yes without a `ca_file`, no with one.",
        edge: "`false` without a `ca_file` would trust nobody and is refused.",
    })?;
    let client_cert = section.read(Field {
        name: "client_cert",
        kind: Maybe(File),
        default: None,
        about: "PEM file of our own certificate and its chain, for a server that asks for one (`tls-auth-clients`).",
        edge: "Needs `client_key`.",
    })?;
    let client_key = section.read(Field {
        name: "client_key",
        kind: Maybe(File),
        default: None,
        about: "PEM file of the private key of `client_cert`.",
        edge: "Needs `client_cert`. A key under a pass phrase is not supported.",
    })?;
    let server_name = section.read(Field {
        name: "server_name",
        kind: Maybe(Text),
        default: None,
        about: "Name that the server's certificate must hold and that is asked for (SNI), where it is not the URL's host.",
        edge: "Without it, a certificate for another name than the URL's host is refused.",
    })?;
    let verify = section.read(Field {
        name: "verify",
        kind: Choice(&[("full", Verify::Full), (VERIFY_OFF_WORDS, Verify::Off)]),
        default: Verify::Full,
        about: "Whether the server's certificate is verified. The second form, by these very words, accepts any: the connection is encrypted, but to whom is not known.",
        edge: "A certificate that does not verify ends the run before anything, also a password, is sent.",
    })?;
    Ok(place.map(|place| Protection { place, ca_file, system_roots, client_cert, client_key, server_name, verify }))
}

impl Protection {
    fn resolve(self, endpoint: &mut Endpoint) -> Result<(), Error> {
        let conflict = |problem: &str| Err(Error::Conflict { place: self.place.clone(), problem: problem.to_owned() });
        if matches!(endpoint.address, Address::Unix(_)) {
            return conflict("there are TLS settings, but a unix:// socket is not encrypted");
        }
        if endpoint.tls.is_none() {
            return conflict("there are TLS settings, but the URL says redis://; write rediss:// for TLS");
        }
        let client_cert = match (self.client_cert, self.client_key) {
            (Some(cert), Some(key)) => Some((cert, key)),
            (None, None) => None,
            _ => return conflict("client_cert and client_key are needed together; one of them is missing"),
        };
        let system_roots = self.system_roots.unwrap_or(self.ca_file.is_none());
        if !system_roots && self.ca_file.is_none() && self.verify == Verify::Full {
            return conflict("with system_roots = false a ca_file is needed; otherwise no certificate is trusted");
        }
        let server_name = self.server_name;
        endpoint.tls = Some(Tls { ca_file: self.ca_file, system_roots, client_cert, server_name, verify: self.verify });
        Ok(())
    }
}
