//! Properties of the rooms that read foreign bytes, which hold for any bytes whatever. No IO.
//!
//! Each module has one `check`: a fuzzer calls it with what it invents, and an ordinary test with what is in `corpus/`.

pub mod psync;
pub mod rdb;
pub mod resp;

#[cfg(test)]
mod tests;
