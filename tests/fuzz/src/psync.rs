//! A source's side of a connection: the machine never panics, says the same however the bytes are cut, holds back no
//! more than a line, and loses or invents no byte of snapshot and stream.

use ::psync::{Auth, Config, Error, Event, LINE_BYTES_MAX, Machine};
use record::{Offset, Position, ReplId};

/// The password that must not be seen again.
const PASSWORD: &[u8] = b"open sesame";

/// Checks the machine on what a source sends. The first byte chooses how the machine is set up.
///
/// # Panics
/// Where a property does not hold.
pub fn check(data: &[u8]) {
    let Some((&choice, bytes)) = data.split_first() else { return };
    let config = config(choice);
    let whole = converse(&config, bytes, &mut std::iter::once(bytes.len()));
    assert_eq!(converse(&config, bytes, &mut std::iter::repeat(1)), whole, "one byte at a time");
    let mut uneven = bytes.iter().map(|&byte| usize::from(byte % 61) + 1).chain(std::iter::repeat(40));
    assert_eq!(converse(&config, bytes, &mut uneven), whole, "in uneven pieces");
}

fn config(choice: u8) -> Config {
    let bit = |place: u8| choice & (1 << place) != 0;
    let id = ReplId::parse(&[b'a'; 40]).ok();
    Config {
        auth: bit(0).then(|| Auth { username: bit(1).then(|| b"ali".to_vec()), password: PASSWORD.to_vec() }),
        listening_port: u16::from(choice),
        ip_address: bit(2).then(|| "10.0.0.9".to_owned()),
        capa_eof: bit(3),
        capa_psync2: bit(4),
        resume: id.filter(|_| bit(5)).map(|id| Position { id, offset: Offset(u64::MAX) }),
        sync_only: bit(6),
    }
}

/// What a conversation came to.
#[derive(Debug, Default, PartialEq)]
struct Told {
    events: Vec<String>,
    snapshot: Vec<u8>,
    stream: Vec<u8>,
    sent: Vec<u8>,
    end: String,
}

fn converse(config: &Config, bytes: &[u8], steps: &mut dyn Iterator<Item = usize>) -> Told {
    let mut machine = Machine::new(config.clone());
    let mut told = Told::default();
    let (mut start, mut end) = (0, 0);
    let error = loop {
        let fed = machine.feed(&bytes[start..end]);
        machine.take_output(&mut told.sent);
        let (consumed, event) = match fed {
            Err(error) => break error,
            Ok(fed) => fed,
        };
        assert!(consumed <= end - start);
        start += consumed;
        match event {
            Some(Event::SnapshotData(data)) => told.snapshot.extend_from_slice(data),
            Some(Event::Stream(data)) => told.stream.extend_from_slice(data),
            Some(event) => told.events.push(format!("{event:?}")),
            None => {
                assert!(end - start <= LINE_BYTES_MAX, "more is held back than a line");
                match steps.next().filter(|_| end < bytes.len()) {
                    None => break machine.eof(),
                    Some(step) => end = (end + step).min(bytes.len()),
                }
            }
        }
    };
    assert!(told.snapshot.len() + told.stream.len() <= bytes.len());
    assert!(bytes.ends_with(&told.stream) || told.stream.is_empty());
    told.end = comparable(&error);
    told
}

/// An error as text, without what depends on how much had arrived.
fn comparable(error: &Error) -> String {
    match error {
        Error::Garbage { stage, expected, .. } => format!("{stage}: {expected}"),
        Error::AuthRefused { .. } => {
            let text = error.to_string();
            assert!(!text.as_bytes().windows(PASSWORD.len()).any(|part| part == PASSWORD), "{text}");
            text
        }
        other => other.to_string(),
    }
}
