//! Lets libFuzzer look for bytes that break [`keyferry_fuzz::psync::check`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| keyferry_fuzz::psync::check(data));
