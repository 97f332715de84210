//! Lets libFuzzer look for bytes that break [`keyferry_fuzz::resp::check`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| keyferry_fuzz::resp::check(data));
