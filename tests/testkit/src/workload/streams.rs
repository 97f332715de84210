//! Streams with groups: every command reaches a replica in another form than the client sent.

use super::generator::Generator;
use super::op::Family::Streams;
use super::op::{Op, op};

const STREAM: &str = "stream";
const GROUPS: [&str; 2] = ["g0", "g1"];
const CONSUMERS: [&str; 3] = ["anna", "bert", "carl"];

pub(super) const OPS: &[Op] = &[
    op(Streams, |g| {
        let (key, field, value) = (g.key(STREAM), g.member(), g.value());
        g.run("XADD", |c| c.arg(key).arg("*").arg(field).arg(value));
    })
    .weight(300),
    op(Streams, |g| {
        let (key, value) = (g.key(STREAM), g.value());
        g.run("XADD", |c| c.arg(key).arg(&["MAXLEN", "~", "100", "*", "f"]).arg(value));
    }),
    op(Streams, |g| {
        let key = g.key(STREAM);
        g.run("XADD", |c| c.arg(key).arg(&["NOMKSTREAM", "MAXLEN", "=", "50", "*", "f", "v"]));
    }),
    op(Streams, |g| {
        let key = g.key("journal");
        g.run("XADD", |c| c.arg(key).arg(&["*", "f", "v"]));
    })
    .counter(),
    op(Streams, |g| {
        let (key, len) = (g.key(STREAM), g.number(80));
        g.run("XTRIM", |c| c.arg(key).arg("MAXLEN").arg(len));
    })
    .weight(30)
    .idempotent(),
    op(Streams, |g| with_entry(g, |g, key, id| g.run("XDEL", |c| c.arg(key).arg(id)))).idempotent(),
    op(Streams, |g| {
        let (key, group) = (g.key(STREAM), g.one_of(&GROUPS));
        let from = g.one_of(&["0", "$"]);
        g.run("XGROUP", |c| c.arg("CREATE").arg(key).arg(group).arg(from).arg("MKSTREAM"));
    }),
    op(Streams, |g| {
        let (key, group, consumer) = (g.key(STREAM), g.one_of(&GROUPS), g.one_of(&CONSUMERS));
        let name = g.one_of(&["CREATECONSUMER", "CREATECONSUMER", "DELCONSUMER"]);
        g.run("XGROUP", |c| c.arg(name).arg(key).arg(group).arg(consumer));
    })
    .weight(30),
    op(Streams, |g| {
        let (key, group) = (g.key(STREAM), g.one_of(&GROUPS));
        g.run("XGROUP", |c| c.arg("DESTROY").arg(key).arg(group));
    })
    .weight(5),
    op(Streams, |g| {
        with_entry(g, |g, key, id| {
            let group = g.one_of(&GROUPS);
            g.run("XGROUP", |c| c.arg("SETID").arg(key).arg(group).arg(id));
        });
    })
    .weight(20),
    op(Streams, |g| read_group(g, &[])).weight(300),
    op(Streams, |g| read_group(g, &["NOACK"])).weight(30),
    op(Streams, |g| {
        with_entry(g, |g, key, id| {
            let group = g.one_of(&GROUPS);
            g.run("XACK", |c| c.arg(key).arg(group).arg(id));
        });
    })
    .weight(200)
    .idempotent(),
    op(Streams, |g| {
        with_entry(g, |g, key, id| {
            let (group, consumer) = (g.one_of(&GROUPS), g.one_of(&CONSUMERS));
            let how = g.one_of(&["FORCE", "JUSTID"]);
            g.run("XCLAIM", |c| c.arg(key).arg(group).arg(consumer).arg(0).arg(id).arg(how));
        });
    }),
    op(Streams, |g| {
        let (key, group, consumer) = (g.key(STREAM), g.one_of(&GROUPS), g.one_of(&CONSUMERS));
        g.run("XAUTOCLAIM", |c| c.arg(key).arg(group).arg(consumer).arg(&["0", "-", "COUNT", "3"]));
    }),
];

fn read_group(g: &mut Generator, flags: &[&str]) {
    let (key, group, consumer, count) = (g.key(STREAM), g.one_of(&GROUPS), g.one_of(&CONSUMERS), g.number(5) + 1);
    g.run("XREADGROUP", |c| {
        c.arg("GROUP").arg(group).arg(consumer).arg("COUNT").arg(count).arg(flags).arg("STREAMS").arg(key).arg(">")
    });
}

/// Does something with an entry that was added earlier, once there is one.
fn with_entry(g: &mut Generator, act: impl FnOnce(&mut Generator, Vec<u8>, Vec<u8>)) {
    if let Some((key, id)) = g.stream_and_id() {
        act(g, key, id);
    }
}
