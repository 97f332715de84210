//! Function libraries.

use redis::{Connection, cmd};

/// Two libraries: one that writes, one with flags, a description and comments that must arrive as they are.
pub(super) fn load(connection: &mut Connection) {
    const LIBRARIES: [&str; 2] = [
        "#!lua name=counters\nredis.register_function('bump', function(keys, args)\n  \
         return redis.call('INCRBY', keys[1], args[1])\nend)\n",
        "#!lua name=readers\n-- comment: \u{e9}\nredis.register_function{function_name='peek', \
         callback=function(keys) return redis.call('GET', keys[1]) end, flags={'no-writes'}, description='looks'}\n",
    ];
    for library in LIBRARIES {
        cmd("FUNCTION").arg("LOAD").arg("REPLACE").arg(library).exec(connection).expect("the library is good Lua");
    }
}
