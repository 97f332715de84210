//! The one statistic that a few rounds allow.

/// The middle value, or the mean of the two in the middle; `None` of nothing.
pub(super) fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let upper = *sorted.get(sorted.len() / 2)?;
    let lower = *sorted.get(sorted.len().checked_sub(1)? / 2)?;
    Some(f64::midpoint(lower, upper))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_or_between_the_two_in_the_middle() {
        for (values, expected) in [
            (&[][..], None),
            (&[3.0][..], Some(3.0)),
            (&[9.0, 1.0][..], Some(5.0)),
            (&[100.0, 1.0, 2.0][..], Some(2.0)),
            (&[4.0, 1.0, 3.0, 2.0][..], Some(2.5)),
        ] {
            assert_eq!(median(values), expected, "{values:?}");
        }
    }
}
