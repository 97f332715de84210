use super::*;

/// Every encoding that a server of this kind has for values of these types.
fn encodings(kind: Kind) -> Vec<&'static str> {
    let mut all = vec!["set/hashtable", "set/intset", "stream/stream", "string/embstr", "string/int", "string/raw"];
    all.extend(["hash/hashtable", "list/quicklist", "zset/skiplist"]);
    all.extend(match kind {
        Kind::Redis62 => vec!["hash/ziplist", "zset/ziplist"],
        Kind::Redis70 => vec!["hash/listpack", "zset/listpack"],
        Kind::Valkey80 => vec!["hash/listpack", "zset/listpack", "list/listpack", "set/listpack"],
    });
    all.sort_unstable();
    all
}

#[test]
fn a_data_set_covers_every_encoding_of_each_server() {
    for kind in Kind::ALL {
        let server = Server::builder().kind(kind).start();
        let loaded = Dataset::new(1).load(&server);
        assert_eq!(loaded.encodings.keys().collect::<Vec<_>>(), encodings(kind), "{kind}");
        let shapes = SHAPES.iter().filter(|shape| (shape.exists)(kind)).count();
        assert_eq!(loaded.shapes.len(), shapes, "{kind}: {:?}", loaded.shapes);
        let counted: usize = (0..16).map(|db| count(&mut server.client_db(db))).sum();
        assert_eq!(counted, loaded.keys, "{kind}: keys of different shapes collide");
        assert!(loaded.with_deadline > loaded.keys / 5, "{kind}: {loaded:?}");
        let expiring = server.info("db3").contains("expires=0");
        assert!(!expiring, "{kind}: no key of db 3 has a deadline");
    }
}

fn count(connection: &mut Connection) -> usize {
    redis::cmd("DBSIZE").query(connection).unwrap()
}

#[test]
fn one_seed_gives_one_data_set_and_another_gives_another() {
    let digest = |seed: u64| {
        let server = Server::start_default();
        Dataset::new(seed).keys_per_kind(2).dbs([0, 5]).large_values(false).expiries(false).load(&server);
        // The digest covers keys, values and whether there is a deadline, but no groups, whose times are the clock's.
        server.run::<String>(&["DEBUG", "DIGEST"])
    };
    let first = digest(7);
    assert_eq!(digest(7), first);
    assert_ne!(digest(8), first);
}

#[test]
fn functions_are_loaded_where_the_server_knows_them() {
    let server = Server::start_default();
    Dataset::new(3).keys_per_kind(1).dbs([0]).load(&server);
    server.run::<()>(&["FCALL", "bump", "1", "counter", "5"]);
    assert_eq!(server.run::<String>(&["FCALL", "peek", "1", "counter"]), "5");
}
