//! Unpacks LZF, the compression of strings in an RDB (lzf_d.c). Never more than was announced.

/// The most that `packed` bytes can unpack to: a reference of 3 bytes repeats up to 264 bytes.
pub(crate) fn unpacked_max(packed: usize) -> usize {
    packed.saturating_mul(88).saturating_add(64)
}

/// Appends the `len` bytes that `packed` unpacks to.
///
/// Errors with the index in `packed` at which a run reaches out of bounds, or at which the data ends although `len`
/// is not reached. The caller has compared `len` with [`unpacked_max`].
pub(crate) fn unpack(packed: &[u8], len: usize, out: &mut Vec<u8>) -> Result<(), usize> {
    let begin = out.len();
    out.reserve(len);
    let mut rest = packed;
    while let [control, after @ ..] = rest {
        let here = packed.len() - rest.len();
        let room = len - (out.len() - begin);
        if *control < 32 {
            let (literal, next) = after.split_at_checked(usize::from(*control) + 1).ok_or(here)?;
            if literal.len() > room {
                return Err(here);
            }
            out.extend_from_slice(literal);
            rest = next;
        } else {
            let (run, distance, next) = reference(*control, after).ok_or(here)?;
            if distance > out.len() - begin || run > room {
                return Err(here);
            }
            repeat(out, distance, run);
            rest = next;
        }
    }
    if out.len() - begin == len { Ok(()) } else { Err(packed.len()) }
}

/// A back reference: length of the run, how far back it begins, and what follows.
fn reference(control: u8, after: &[u8]) -> Option<(usize, usize, &[u8])> {
    let high = usize::from(control & 0x1f) << 8;
    match (control >> 5, after) {
        (7, [more, low, next @ ..]) => Some((usize::from(*more) + 9, (high | usize::from(*low)) + 1, next)),
        (7, _) => None,
        (short, [low, next @ ..]) => Some((usize::from(short) + 2, (high | usize::from(*low)) + 1, next)),
        _ => None,
    }
}

/// Appends `run` bytes that begin `distance` bytes back; the run may overlap what it appends.
fn repeat(out: &mut Vec<u8>, distance: usize, run: usize) {
    let mut left = run;
    while left > 0 {
        // The last `distance` bytes over and over: a run longer than that repeats itself.
        let from = out.len() - distance.min(out.len());
        let step = left.min(distance.max(1));
        out.extend_from_within(from..from + step);
        left -= step;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_may_overlap_what_they_append() {
        let mut out = b"before".to_vec();
        // literal "ab", then 9 + 1 bytes from 2 back, then literal "c"
        unpack(&[1, b'a', b'b', 0xe0, 1, 1, 0, b'c'], 13, &mut out).unwrap();
        assert_eq!(out, b"beforeababababababc");
    }

    #[test]
    fn what_does_not_fit_is_refused_with_its_place() {
        for (packed, len, place) in [
            (&[1, b'a'][..], 2, 0),            // literal ends early
            (&[1, b'a', b'b'], 1, 0),          // more than announced
            (&[1, b'a', b'b'], 3, 3),          // less than announced
            (&[0, b'a', 0x20, 1], 4, 2),       // reference before the beginning
            (&[0, b'a', 0xe0, 1], 11, 2),      // long reference without its last byte
            (&[0, b'a', 0xe0, 255, 0], 10, 2), // run longer than announced
        ] {
            assert_eq!(unpack(packed, len, &mut Vec::new()), Err(place), "{packed:?}");
        }
    }
}
