//! Days to dates, for names, logs and messages.
//!
//! Numbers only; knows neither a clock nor a time zone.

/// Year, month (1–12) and day (1–31) of a day in the Gregorian calendar, from days since 1970-01-01.
///
/// One place for the run's name, the log's time and the message about a serial date: a second copy would differ in a
/// leap year first. Days before 1970 are negative. After H. Hinnant's `civil_from_days`
/// (<https://howardhinnant.github.io/date_algorithms.html>).
///
/// ```
/// use knosc_bulk_import::calendar::date;
///
/// assert_eq!(date(0), (1970, 1, 1));
/// assert_eq!(date(11_016), (2000, 2, 29));
/// assert_eq!(date(-1), (1969, 12, 31));
/// ```
#[must_use]
pub const fn date(days: i64) -> (i64, i64, i64) {
    // Years begin in March here, so that the leap day is the last of its year.
    let days = days.saturating_add(719_468);
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (year + era * 400 + if month <= 2 { 1 } else { 0 }, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_day_of_four_centuries_follows_the_one_before() {
        let mut before = date(-73_000);
        for days in -72_999..=73_097 {
            let after = date(days);
            let follows = after.0 == before.0 && after.1 == before.1 && after.2 == before.2 + 1
                || after.0 == before.0 && after.1 == before.1 + 1 && after.2 == 1
                || after.0 == before.0 + 1 && after.1 == 1 && after.2 == 1;
            assert!(follows, "{days}: {before:?} {after:?}");
            before = after;
        }
        assert_eq!(date(47_482), (2100, 1, 1));
        assert_eq!(date(47_540), (2100, 2, 28));
        assert_eq!(date(47_541), (2100, 3, 1));
    }
}
