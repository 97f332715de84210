//! Numbers as Redis writes and accepts them: decimal digits, no sign but `-`, no leading zero, no blanks
//! (`util.c`, `string2ll`).

/// Reads a number of 0 to `u64::MAX`, or `None` where `text` is anything else.
pub fn parse_u64(text: &[u8]) -> Option<u64> {
    match text {
        [] => None,
        [b'0'] => Some(0),
        [b'0', ..] => None,
        digits => digits.iter().try_fold(0_u64, |value, &byte| {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                return None;
            }
            value.checked_mul(10)?.checked_add(u64::from(digit))
        }),
    }
}

/// Reads a number of `i64::MIN` to `i64::MAX`, or `None` where `text` is anything else.
pub fn parse_i64(text: &[u8]) -> Option<i64> {
    match text {
        [b'-', b'0', ..] => None,
        [b'-', digits @ ..] => 0_i64.checked_sub_unsigned(parse_u64(digits)?),
        digits => i64::try_from(parse_u64(digits)?).ok(),
    }
}

/// The decimal digits of a number, held in place: no allocation.
///
/// ```
/// # use keyferry_resp as resp;
/// assert_eq!(resp::number::Digits::of(1204).as_bytes(), b"1204");
/// assert_eq!(resp::number::Digits::signed(-7).as_bytes(), b"-7");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Digits {
    bytes: [u8; 20],
    start: usize,
}

impl Digits {
    /// Of a number without sign.
    #[inline]
    pub fn of(number: u64) -> Digits {
        let mut digits = Digits { bytes: [b'0'; 20], start: 19 };
        let mut rest = number;
        for (place, byte) in digits.bytes.iter_mut().enumerate().rev() {
            *byte = b'0' + (rest % 10) as u8;
            digits.start = place;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        digits
    }

    /// Of a number with `-` where it is negative.
    pub fn signed(number: i64) -> Digits {
        let mut digits = Digits::of(number.unsigned_abs());
        // i64::MIN has 19 digits, so that a place for the sign is always left.
        if number < 0
            && let Some(before) = digits.start.checked_sub(1)
            && let Some(byte) = digits.bytes.get_mut(before)
        {
            *byte = b'-';
            digits.start = before;
        }
        digits
    }

    /// The digits.
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(self.start..).unwrap_or_default()
    }

    /// How many there are, a sign included: 1 to 20.
    #[inline]
    pub fn count(&self) -> usize {
        self.bytes.len() - self.start
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_what_redis_writes_is_a_number() {
        let check = |text: &str, signed: Option<i64>, unsigned: Option<u64>| {
            assert_eq!(parse_i64(text.as_bytes()), signed, "{text}");
            assert_eq!(parse_u64(text.as_bytes()), unsigned, "{text}");
        };
        check("0", Some(0), Some(0));
        check("10", Some(10), Some(10));
        check("-1", Some(-1), None);
        check("9223372036854775807", Some(i64::MAX), Some(i64::MAX as u64));
        check("-9223372036854775808", Some(i64::MIN), None);
        check("9223372036854775808", None, Some(1 << 63));
        check("-9223372036854775809", None, None);
        check("18446744073709551615", None, Some(u64::MAX));
        for not in ["", "-", "-0", "+1", "01", "-01", " 1", "1 ", "1a", "0x1", "18446744073709551616", "1\r"] {
            check(not, None, None);
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(signed: i64, unsigned: u64) {
            let digits = Digits::signed(signed);
            prop_assert_eq!(parse_i64(digits.as_bytes()), Some(signed));
            prop_assert_eq!(digits.as_bytes().to_vec(), signed.to_string().into_bytes());
            prop_assert_eq!(parse_u64(Digits::of(unsigned).as_bytes()), Some(unsigned));
            prop_assert_eq!(Digits::of(unsigned).count(), unsigned.to_string().len());
        }
    }

    #[test]
    fn the_ends_of_the_range_are_written() {
        assert_eq!(Digits::signed(i64::MIN).as_bytes(), i64::MIN.to_string().as_bytes());
        assert_eq!(Digits::of(u64::MAX).as_bytes(), u64::MAX.to_string().as_bytes());
        assert_eq!(Digits::of(0).as_bytes(), b"0");
    }
}
