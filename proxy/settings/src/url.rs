//! The URL forms of an endpoint: `redis://`, `rediss://`, `unix://`.
//!
//! A URL may hold a password, so an error never shows it as written: [`redacted`] is what is shown, and the
//! problems themselves carry no text from where a password could stand.

use std::net::Ipv6Addr;
use std::path::PathBuf;

use percent_encoding::percent_decode_str;
use record::Db;

use crate::error::UrlProblem;
use crate::{Address, Endpoint, Secret, Tls};

/// The port a Redis server listens on unless told otherwise.
pub const PORT_DEFAULT: u16 = 6379;

/// Schemes that later versions will know: refused by name, so that nobody takes them for typing errors.
const NOT_YET: [(&str, &str); 6] = [
    ("redis-cluster", "a cluster (redis-cluster://)"),
    ("rediss-cluster", "a cluster (rediss-cluster://)"),
    ("redis-sentinel", "Sentinel (redis-sentinel://)"),
    ("rediss-sentinel", "Sentinel (rediss-sentinel://)"),
    ("cachecloud", "CacheCloud (cachecloud://)"),
    ("file", "an RDB or AOF file (file://)"),
];

/// Reads an endpoint's URL:
///
/// - `redis://[user[:password]@]host[:port][/db]`, plain TCP;
/// - `rediss://…`, the same over TLS with full verification against the system's authorities;
/// - `unix:///path[?db=number]`, a socket on this machine.
///
/// User, password and path are percent-decoded. IPv6 addresses stand in brackets.
pub fn parse(url: &str) -> Result<Endpoint, UrlProblem> {
    let (scheme, rest) = url.split_once("://").ok_or(UrlProblem::NoScheme)?;
    match scheme.to_ascii_lowercase().as_str() {
        "redis" => tcp(rest, None),
        "rediss" => tcp(rest, Some(Tls::default())),
        "unix" => unix(rest),
        other => match NOT_YET.iter().find(|(name, _)| *name == other) {
            Some((_, said)) => Err(UrlProblem::NotYet(said)),
            None if other.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte)) => {
                Err(UrlProblem::Scheme(other.to_owned()))
            }
            None => Err(UrlProblem::NoScheme),
        },
    }
}

/// The URL as it may be shown: user and password, and whatever could be one written wrongly, are `***`.
pub fn redacted(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        // Without a scheme nothing says where a password would stand.
        return if url.contains('@') { "***".to_owned() } else { url.to_owned() };
    };
    let (userinfo, rest) = match rest.rsplit_once('@') {
        Some((_, rest)) => ("***@", rest),
        None => ("", rest),
    };
    let (rest, parameters) = match rest.find(['?', '#']) {
        Some(at) => (&rest[..at], if rest[at..].starts_with("?db=") { &rest[at..] } else { "?***" }),
        None => (rest, ""),
    };
    let parameters = if parameters.contains(['&', '#', ';']) { "?***" } else { parameters };
    match rest.rsplit_once(':') {
        // `redis://:secret` and `redis://user:secret`, where the host was forgotten.
        Some((host, port)) if !host.starts_with('[') && !port.bytes().all(|b| b.is_ascii_digit() || b == b'/') => {
            format!("{scheme}://{userinfo}{host}:***{parameters}")
        }
        _ => format!("{scheme}://{userinfo}{rest}{parameters}"),
    }
}

fn tcp(rest: &str, tls: Option<Tls>) -> Result<Endpoint, UrlProblem> {
    // The last `@` ends user and password: a password that holds one unescaped is then told apart from a bad host.
    let (userinfo, rest) = match rest.rsplit_once('@') {
        Some((userinfo, rest)) => (Some(userinfo), rest),
        None => (None, rest),
    };
    if userinfo.is_some_and(|text| text.contains(['@', '/', '?', '#', '[', ']'])) {
        return Err(UrlProblem::UserinfoReserved);
    }
    if rest.contains(['?', '#']) {
        return Err(UrlProblem::Parameters);
    }
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (host, port) = host_and_port(authority)?;
    let db = match path {
        "" => Db(0),
        digits => Db(number(digits).ok_or(UrlProblem::Db)?),
    };
    let (username, password) = match userinfo {
        Some(text) => credentials(text)?,
        None => (None, None),
    };
    Ok(Endpoint { address: Address::Tcp { host, port }, username, password, db, tls })
}

fn unix(rest: &str) -> Result<Endpoint, UrlProblem> {
    let (path, parameters) = rest.split_once('?').unwrap_or((rest, ""));
    if !path.starts_with('/') || path.len() < 2 || path.contains('#') {
        return Err(UrlProblem::UnixPath);
    }
    let db = match parameters {
        "" => Db(0),
        text => Db(text.strip_prefix("db=").and_then(number).ok_or(UrlProblem::UnixParameters)?),
    };
    let address = Address::Unix(PathBuf::from(decode(path, "the path")?));
    Ok(Endpoint { address, username: None, password: None, db, tls: None })
}

fn credentials(userinfo: &str) -> Result<(Option<String>, Option<Secret>), UrlProblem> {
    let (user, password) = match userinfo.split_once(':') {
        Some((user, password)) => (user, Some(password)),
        None => (userinfo, None),
    };
    let user = decode(user, "the user name")?;
    let password = password.map(|text| decode(text, "the password")).transpose()?;
    Ok((Some(user).filter(|user| !user.is_empty()), password.filter(|text| !text.is_empty()).map(Secret::new)))
}

fn host_and_port(authority: &str) -> Result<(String, u16), UrlProblem> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']').ok_or(UrlProblem::Ipv6)?;
            host.parse::<Ipv6Addr>().map_err(|_| UrlProblem::Ipv6)?;
            match port.strip_prefix(':') {
                Some(port) => (host, Some(port)),
                None if port.is_empty() => (host, None),
                None => return Err(UrlProblem::Port),
            }
        }
        None if authority.parse::<Ipv6Addr>().is_ok() => return Err(UrlProblem::Ipv6),
        None => match authority.split_once(':') {
            Some((host, port)) => (checked_name(host)?, Some(port)),
            None => (checked_name(authority)?, None),
        },
    };
    let port = match port {
        Some(digits) => number::<u16>(digits).filter(|port| *port > 0).ok_or(UrlProblem::Port)?,
        None => PORT_DEFAULT,
    };
    Ok((host.to_owned(), port))
}

/// A host name or IPv4 address; names outside ASCII are to be written in their `xn--` form.
fn checked_name(host: &str) -> Result<&str, UrlProblem> {
    match host.chars().find(|letter| !letter.is_ascii_alphanumeric() && !"-._".contains(*letter)) {
        _ if host.is_empty() => Err(UrlProblem::HostMissing),
        Some(letter) => Err(UrlProblem::HostCharacter(letter)),
        None => Ok(host),
    }
}

/// Digits alone: no sign, no blank, as `str::parse` would take.
fn number<N: std::str::FromStr>(digits: &str) -> Option<N> {
    if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None }
}

fn decode(text: &str, part: &'static str) -> Result<String, UrlProblem> {
    let bytes = text.as_bytes();
    let whole = |at: usize| bytes.get(at + 1..at + 3).is_some_and(|pair| pair.iter().all(u8::is_ascii_hexdigit));
    if bytes.iter().enumerate().any(|(at, byte)| *byte == b'%' && !whole(at)) {
        return Err(UrlProblem::PercentCoding(part));
    }
    let decoded = percent_decode_str(text).decode_utf8().map_err(|_| UrlProblem::PercentCoding(part))?;
    // A NUL can stand in no path and in no password that a server was given by its configuration.
    if decoded.contains('\0') { Err(UrlProblem::PercentCoding(part)) } else { Ok(decoded.into_owned()) }
}
