//! Real servers as the oracle: what they save is decoded, and what comes of it is given to servers and compared.

use testkit::compare::Options;
use testkit::redis::{Connection, ConnectionLike, Value, cmd};
use testkit::{Dataset, Kind, Server, compare};

use super::sample;
use crate::{Checksum, Decoder, Dialect, Event, Expansion, Limits, Step, dump, expand};

/// The databases that the source has data in.
const DBS: [u32; 3] = [0, 1, 15];

/// A source with every type in every encoding, in three databases, and the RDB that it saves.
fn source(kind: Kind) -> (Server, Vec<u8>) {
    let server = Server::builder().kind(kind).start();
    Dataset::new(7).keys_per_kind(2).dbs(DBS).load(&server);
    let _: Value = server.run(&["SAVE"]);
    let rdb = std::fs::read(server.dir().join("dump.rdb")).unwrap();
    (server, rdb)
}

/// Decodes in parts of this size, and hands over every event; a big value is answered by `answer`.
fn decode(rdb: &[u8], limits: Limits, part: usize, how: Expansion, mut each: impl FnMut(Event<'_>)) {
    let mut decoder = Decoder::new(limits);
    let mut key = Vec::new();
    for bytes in rdb.chunks(part) {
        decoder.feed(bytes);
        loop {
            let deadline = match decoder.next().unwrap() {
                Step::NeedMore => break,
                Step::Event(event) => {
                    each(event);
                    let Event::Big(head) = event else { continue };
                    head.key.clone_into(&mut key);
                    head.deadline
                }
            };
            decoder.expand(&key, Expansion { deadline, ..how });
        }
    }
    decoder.finish().unwrap();
}

/// Sends commands and takes a good reply for each.
fn send(connection: &mut Connection, commands: &[u8], count: u32) {
    let replies = connection.req_packed_commands(commands, 0, count as usize).unwrap();
    assert_eq!(replies.len(), count as usize);
    for reply in replies {
        assert!(!matches!(reply, Value::ServerError(_)), "{reply:?} to {:?}", String::from_utf8_lossy(commands));
    }
}

/// `RESTORE key deadline payload REPLACE ABSTTL`
fn restore(connection: &mut Connection, key: &[u8], deadline: u64, payload: &[u8]) {
    let mut restore = cmd("RESTORE");
    restore.arg(key).arg(deadline).arg(payload).arg("REPLACE").arg("ABSTTL");
    restore.exec(connection).unwrap_or_else(|error| panic!("{error}: {key:?} {payload:?}"));
}

fn payloads_are_restored(source_kind: Kind, target_kind: Kind) {
    let (source, rdb) = source(source_kind);
    let target = Server::builder().kind(target_kind).start();
    let mut from = source.client();
    let mut to = target.client();
    let mut version = 0;
    let mut ended = None;
    decode(&rdb, Limits { opaque_bytes_max: usize::MAX, ..Limits::default() }, 65536, Expansion::default(), |event| {
        match event {
            Event::Header { version: found } => version = found as u16,
            Event::SelectDb(db) => (from, to) = (source.client_db(db.0), target.client_db(db.0)),
            Event::Function { raw } => {
                let mut payload = raw.to_vec();
                dump::footer(&mut payload, 0, version);
                cmd("FUNCTION").arg("RESTORE").arg(payload).exec(&mut to).unwrap();
            }
            Event::Entry(entry) => {
                let mut payload = Vec::new();
                dump::payload(&mut payload, entry.head.rdb_type, entry.raw, version);
                // The source's own DUMP is the same bytes: nothing was added or lost.
                let dumped: Vec<u8> = cmd("DUMP").arg(entry.head.key).query(&mut from).unwrap();
                assert_eq!(payload, dumped, "{:?}", entry.head);
                restore(&mut to, entry.head.key, entry.head.deadline.map_or(0, |deadline| deadline.0), &payload);
            }
            Event::End { checksum } => ended = Some(checksum),
            _ => {}
        }
    });
    assert_eq!(ended, Some(Checksum::Verified));
    compare(&source, &target, &Options::new().group_bookkeeping(source_kind == target_kind)).assert_equal();
}

#[test]
fn payloads_of_redis_7_0_are_its_dumps_and_are_restored() {
    payloads_are_restored(Kind::Redis70, Kind::Redis70);
}

#[test]
fn payloads_of_redis_6_2_are_its_dumps_and_are_restored_by_7_0() {
    payloads_are_restored(Kind::Redis62, Kind::Redis70);
}

#[test]
fn payloads_of_valkey_8_0_are_its_dumps_and_are_restored() {
    payloads_are_restored(Kind::Valkey80, Kind::Valkey80);
}

/// On targets from 7.0 on, a pending entry whose message is deleted cannot be made by commands: the data set has one.
fn acknowledge_deleted(server: &Server) {
    for db in DBS {
        let mut connection = server.client_db(db);
        for key in streams(&mut connection) {
            cmd("XACK").arg(&key).arg("from start").arg("1600000000274-2").exec(&mut connection).unwrap();
        }
    }
}

fn commands_build_the_same(source_kind: Kind, target_kind: Kind, dialect: Dialect) {
    let (source, _) = source(source_kind);
    acknowledge_deleted(&source);
    let _: Value = source.run(&["SAVE"]);
    let rdb = std::fs::read(source.dir().join("dump.rdb")).unwrap();
    let target = Server::builder().kind(target_kind).start();
    let mut to = target.client();
    let limits = Limits { opaque_bytes_max: 0, piece_bytes: 1000, ..Limits::default() };
    let mut largest = 0;
    decode(&rdb, limits, 4096, Expansion { replace: true, dialect, ..Expansion::default() }, |event| match event {
        Event::SelectDb(db) => to = target.client_db(db.0),
        Event::Big(head) => {
            // What was there before is replaced.
            cmd("SET").arg(head.key).arg("before").exec(&mut to).unwrap();
        }
        Event::Entry(entry) => panic!("{entry:?} is larger than 0 bytes"),
        Event::Piece { commands, count, .. } => {
            largest = largest.max(commands.len());
            send(&mut to, commands, count);
        }
        _ => {}
    });
    assert!(largest >= 1000, "no piece was full: {largest}");
    compare(&source, &target, &Options::new().functions(false)).assert_equal();
    if source_kind.is_7_or_later() && target_kind.is_7_or_later() {
        for db in DBS {
            groups_are_equal(&mut source.client_db(db), &mut target.client_db(db));
        }
    }
}

/// Compares what XINFO GROUPS says of every stream: last id, entries read, lag, consumers and pending entries.
fn groups_are_equal(source: &mut Connection, target: &mut Connection) {
    let streams = streams(source);
    assert!(!streams.is_empty());
    for key in streams {
        let groups = |connection: &mut Connection| cmd("XINFO").arg("GROUPS").arg(&key).query::<Value>(connection);
        assert_eq!(groups(source).unwrap(), groups(target).unwrap(), "{key:?}");
    }
}

fn streams(connection: &mut Connection) -> Vec<Vec<u8>> {
    let keys: Vec<Vec<u8>> = cmd("KEYS").arg("*").query(connection).unwrap();
    let kinds = keys.into_iter().map(|key| (cmd("TYPE").arg(&key).query::<String>(connection).unwrap(), key));
    kinds.filter(|(kind, _)| kind == "stream").map(|(_, key)| key).collect()
}

#[test]
fn commands_build_on_7_0_what_7_0_saved() {
    commands_build_the_same(Kind::Redis70, Kind::Redis70, Dialect::default());
}

#[test]
fn commands_build_on_6_2_what_7_0_saved() {
    commands_build_the_same(Kind::Redis70, Kind::Redis62, Dialect { major: 6, minor: 2 });
}

#[test]
fn commands_build_on_7_0_what_valkey_8_0_saved() {
    commands_build_the_same(Kind::Valkey80, Kind::Redis70, Dialect::default());
}

#[test]
fn commands_build_on_6_2_what_6_2_saved() {
    commands_build_the_same(Kind::Redis62, Kind::Redis62, Dialect { major: 6, minor: 2 });
}

/// With the commands of Redis 2.8 and 5.0: HMSET, and consumers that come into being by reading.
#[test]
fn commands_of_old_build_on_6_2_what_6_2_saved() {
    commands_build_the_same(Kind::Redis62, Kind::Redis62, Dialect { major: 2, minor: 8 });
}

/// The old types: no server of today writes them, but all restore them.
#[test]
fn every_type_is_restored_and_expanded_to_the_same() {
    let restored = Server::builder().kind(Kind::Valkey80).start();
    let expanded = Server::builder().kind(Kind::Valkey80).start();
    let (mut to_restored, mut to_expanded) = (restored.client(), expanded.client());
    for (index, (rdb_type, raw)) in sample::values().into_iter().enumerate() {
        if rdb_type == 7 {
            continue;
        }
        let key = format!("key:{index}:type:{rdb_type}");
        let mut payload = Vec::new();
        dump::payload(&mut payload, rdb_type, &raw, crate::VERSION_MAX as u16);
        restore(&mut to_restored, key.as_bytes(), 0, &payload);
        expand(rdb_type, &raw, key.as_bytes(), Expansion::default(), &Limits::default(), |commands, count| {
            send(&mut to_expanded, commands, count);
        })
        .unwrap();
    }
    compare(&restored, &expanded, &Options::new()).assert_equal();
    groups_are_equal(&mut to_restored, &mut to_expanded);
}
