//! URLs: what they mean, and what is said of those that mean nothing.

use std::path::PathBuf;

use proptest::prelude::*;
use record::Db;

use crate::url::{parse, redacted};
use crate::{Address, Endpoint, Secret, Tls};

fn tcp(host: &str, port: u16, user: Option<&str>, password: Option<&str>, db: u32) -> Endpoint {
    let mut endpoint = Endpoint::tcp(host, port);
    endpoint.username = user.map(str::to_owned);
    endpoint.password = password.map(Secret::new);
    endpoint.db = Db(db);
    endpoint
}

#[test]
fn urls_name_host_port_user_password_and_db() {
    for (url, endpoint) in [
        ("redis://localhost", tcp("localhost", 6379, None, None, 0)),
        ("redis://localhost/", tcp("localhost", 6379, None, None, 0)),
        ("REDIS://h:7000/15", tcp("h", 7000, None, None, 15)),
        ("redis://:pw@h", tcp("h", 6379, None, Some("pw"), 0)),
        ("redis://alice:pw@h:1/2", tcp("h", 1, Some("alice"), Some("pw"), 2)),
        ("redis://alice@h", tcp("h", 6379, Some("alice"), None, 0)),
        ("redis://al%40ice:p%23%3A%40%2F%25@h", tcp("h", 6379, Some("al@ice"), Some("p#:@/%"), 0)),
        ("redis://:a:b:c@h", tcp("h", 6379, None, Some("a:b:c"), 0)),
        ("redis://:%C3%A9@10.1.2.3", tcp("10.1.2.3", 6379, None, Some("é"), 0)),
        ("redis://[2001:db8::1]:7000/3", tcp("2001:db8::1", 7000, None, None, 3)),
        ("redis://u:p@[::1]", tcp("::1", 6379, Some("u"), Some("p"), 0)),
    ] {
        assert_eq!(parse(url).as_ref(), Ok(&endpoint), "{url}");
        if !url.contains("@") {
            let shown = endpoint.to_string();
            assert_eq!(parse(&shown), Ok(endpoint), "what {url} shows itself as reads the same");
        }
    }
    assert_eq!(parse("rediss://h").unwrap().tls, Some(Tls::default()));
}

#[test]
fn unix_urls_name_a_path_and_a_db() {
    for (url, path, db) in [
        ("unix:///run/redis.sock", "/run/redis.sock", 0),
        ("unix:///run/redis.sock?db=3", "/run/redis.sock", 3),
        ("unix:///a%20b%3F/c@d", "/a b?/c@d", 0),
    ] {
        let endpoint = parse(url).unwrap();
        assert_eq!((endpoint.address, endpoint.db), (Address::Unix(PathBuf::from(path)), Db(db)), "{url}");
    }
}

#[test]
fn a_wrong_url_is_told_which_part_is_wrong() {
    for (url, said) in [
        ("localhost:6379", "no `://`"),
        ("ftp://h", "scheme \"ftp\" is not known"),
        ("redis-cluster://h", "a cluster (redis-cluster://) is not supported by this version"),
        ("redis-sentinel://h", "Sentinel (redis-sentinel://) is not supported by this version"),
        ("cachecloud://1", "CacheCloud (cachecloud://) is not supported by this version"),
        ("file:///dump.rdb", "an RDB or AOF file (file://) is not supported by this version"),
        ("redis://", "host is missing"),
        ("redis://:6379", "host is missing"),
        ("redis://h:0", "port is not a number"),
        ("redis://h:65536", "port is not a number"),
        ("redis://h:+1", "port is not a number"),
        ("redis://[::1]x", "port is not a number"),
        ("redis://::1", "IPv6"),
        ("redis://[::1", "IPv6"),
        ("redis://[nonsense]", "IPv6"),
        ("redis://h/x", "only a db number may follow"),
        ("redis://h/-1", "only a db number may follow"),
        ("redis://h/4294967296", "only a db number may follow"),
        ("redis://h/0/1", "only a db number may follow"),
        ("redis://h?db=1", "parameters"),
        ("redis://h h", "the host holds ' '"),
        ("redis://:p@ss@h", "@ is %40"),
        ("redis://:p/ss@h", "/ is %2F"),
        ("redis://:p#ss@h", "# is %23"),
        ("redis://:100%@h", "a % itself is written %25"),
        ("redis://:%zz@h", "a % itself is written %25"),
        ("redis://:%ff@h", "UTF-8"),
        ("unix://run/redis.sock", "three slashes"),
        ("unix:///", "three slashes"),
        ("unix:///s?password=x", "only db=number"),
    ] {
        let problem = parse(url).unwrap_err().to_string();
        assert!(problem.contains(said), "{url}: {problem}");
    }
}

#[test]
fn a_url_is_shown_without_its_password_however_it_is_written() {
    for (url, shown) in [
        ("redis://h:1/2", "redis://h:1/2"),
        ("redis://alice:secret@h:1/2", "redis://***@h:1/2"),
        ("redis://:sec@ret@h", "redis://***@h"),
        ("redis://:sec/ret@h", "redis://***@h"),
        ("redis://h:secret", "redis://h:***"),
        ("redis://h?password=secret", "redis://h?***"),
        ("redis://h#secret", "redis://h?***"),
        ("unix:///s?db=1&password=secret", "unix:///s?***"),
        ("unix:///s?db=1", "unix:///s?db=1"),
        ("alice:secret@h", "***"),
        ("redis://[::1]:7/0", "redis://[::1]:7/0"),
    ] {
        assert_eq!(redacted(url), shown);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_text_makes_the_parser_panic(text in ".{0,40}", scheme in "(redis|rediss|unix)://") {
        let url = format!("{scheme}{text}");
        let shown = redacted(&url);
        prop_assert!(parse(&url).is_ok() || shown.len() <= url.len() + 8);
    }

    #[test]
    fn any_user_and_password_survive_percent_coding(user in "[^\0]{1,12}", password in "[^\0]{1,12}") {
        let coded = |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
        let url = format!("redis://{}:{}@host", coded(&user), coded(&password));
        let endpoint = parse(&url).unwrap();
        prop_assert_eq!(endpoint.username.as_deref(), Some(user.as_str()));
        prop_assert_eq!(endpoint.password.as_ref().map(Secret::expose), Some(password.as_str()));
        prop_assert_eq!(redacted(&url), "redis://***@host");
    }

    #[test]
    fn no_error_shows_the_password(password in "[!-~]{3,12}", tail in "(h|h:1|h:x|:9|h/0|h/x|h?a=b|)") {
        // Letters of the password that stand in every URL or message prove nothing; a mark that does not is put in.
        let url = format!("redis://u:Zq{password}qZ@{tail}");
        if let Err(problem) = parse(&url) {
            let said = format!("{} {problem}", redacted(&url));
            prop_assert!(!said.contains("Zq") && !said.contains("qZ"), "{}", said);
        }
    }
}
