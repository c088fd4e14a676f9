//! `Retry-After`: how long an answer asks to wait, in seconds or as a date.
//!
//! Undocumented by Knosc, but proxies in front of it send the header. Takes the time as an argument; has no clock.
//!
//! ```http
//! Retry-After: 120
//! Retry-After: Sat, 01 Jun 2024 08:45:22 GMT
//! ```

use super::Answer;
use crate::policy::RETRY_AFTER_MAX_MS;

/// The wait that an answer asks for, at most [`RETRY_AFTER_MAX_MS`]. None where it asks for no wait, for one that is over
/// already, or for what is neither seconds nor a date: the caller then has a backoff of its own.
pub(super) fn read(answer: &Answer, now_ms: u64) -> Option<u64> {
    let value = answer.header("retry-after")?.trim();
    let wait_ms = if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit are more than the cap.
        value.parse::<u64>().unwrap_or(u64::MAX).saturating_mul(1_000)
    } else {
        unix_seconds(value)?.saturating_mul(1_000).saturating_sub(now_ms)
    };
    (wait_ms > 0).then_some(wait_ms.min(RETRY_AFTER_MAX_MS))
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// In the order of the days since 1970-01-01, which was a Thursday.
const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];

/// A date in one of the three forms of RFC 9110 §5.6.7 (IMF-fixdate, RFC 850, asctime) as Unix time; none for a date that
/// there is not, or not on that weekday.
pub(super) fn unix_seconds(date: &str) -> Option<u64> {
    let words = date.split([' ', ',', '-', ':']).filter(|word| !word.is_empty());
    let ([weekday, day, month, year, hour, minute, second, "GMT"]
    | [weekday, month, day, hour, minute, second, year]) = words.collect::<Vec<_>>()[..]
    else {
        return None;
    };
    let year = match (year.len(), number(year, 9_999)?) {
        (4, year) => year,
        // Of RFC 850; two digits below 70 are this century's.
        (2, year) => year + if year < 70 { 2_000 } else { 1_900 },
        _ => return None,
    };
    let month = MONTHS.iter().position(|name| *name == month)? as u64;
    let days = days_since_1970(year, month, number(day, 31)?)?;
    let its_day = WEEKDAYS.iter().position(|name| weekday.starts_with(name))?;
    let hours = days * 24 + number(hour, 23)?;
    let minutes = hours * 60 + number(minute, 59)?;
    (its_day as u64 == days % 7).then_some(minutes * 60 + number(second, 59)?)
}

fn number(digits: &str, max: u64) -> Option<u64> {
    digits.parse().ok().filter(|number| *number <= max)
}

/// Days in the Gregorian calendar; `month` counts from 0. Years begin in March here, so that a leap day is the last of one.
fn days_since_1970(year: u64, month: u64, day: u64) -> Option<u64> {
    let (year, month) =
        if month < 2 { (year.checked_sub(1)?, month + 10) } else { (year, month - 2) };
    let leap_days = year / 4 - year / 100 + year / 400;
    // The months' lengths repeat after five, which have 153 days; 719,469 days lie between 0000-02-29 and 1970-01-01.
    (year * 365 + leap_days + (153 * month + 2) / 5 + day).checked_sub(719_469)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2024-06-01T08:45:22Z.
    const NOW_MS: u64 = 1_717_231_522_000;

    #[test]
    fn seconds_and_dates() {
        let check = |value: &str, expected: Option<u64>| {
            let headers = vec![("retry-after".to_owned(), value.to_owned())];
            let answer = Answer { status: 429, headers, body: Vec::new(), cut: false };
            assert_eq!(read(&answer, NOW_MS), expected, "{value}");
        };
        check("120", Some(120_000));
        check(" 1 ", Some(1_000));
        check("0", None);
        check("-5", None);
        check("1.5", None);
        check("", None);
        check("soon", None);
        check("301", Some(RETRY_AFTER_MAX_MS));
        check("99999999999999999999999999", Some(RETRY_AFTER_MAX_MS));
        check("18446744073709551615", Some(RETRY_AFTER_MAX_MS));
        check("Sat, 01 Jun 2024 08:45:52 GMT", Some(30_000));
        check("Sat, 01 Jun 2024 08:45:22 GMT", None);
        check("Sat, 01 Jun 2024 08:45:21 GMT", None);
        check("Thu, 01 Jan 1970 00:00:00 GMT", None);
        check("Fri, 31 Dec 9999 23:59:59 GMT", Some(RETRY_AFTER_MAX_MS));
        check("Sat, 99 Jun 2024 08:45:52 GMT", None);
        check("Saturday, 01-Jun-24 08:45:52 GMT", Some(30_000));
        check("Sat Jun  1 08:45:52 2024", Some(30_000));
        check("Sunday, 01-Jun-69 08:45:52 GMT", None);
        check("Saturday, 01-Jun-69 08:45:52 GMT", Some(RETRY_AFTER_MAX_MS));
        check("Thursday, 01-Jan-70 00:00:00 GMT", None);
        check("Fri, 01 Jun 2024 08:45:52 GMT", None);
        check("Sat, 01 Jun 2024 24:00:00 GMT", None);
        check("Sat, 01 Jun 2024 08:45:52 CET", None);
        check("Sat, 01 Jun 2024 08:45 GMT", None);
        check("Sat, 01 Jun 9223372036854775808 08:45:52 GMT", None);
    }

    #[test]
    fn days_are_counted_as_the_calendar_does() {
        for (date, expected) in [
            ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
            ("Wed, 31 Dec 1969 23:59:59 GMT", None),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(784_111_777)),
            ("Tue, 29 Feb 2000 00:00:00 GMT", Some(951_782_400)),
            ("Wed, 01 Mar 2000 00:00:00 GMT", Some(951_868_800)),
            ("Mon, 01 Mar 2100 00:00:00 GMT", Some(4_107_542_400)),
            ("Fri, 31 Dec 9999 23:59:59 GMT", Some(253_402_300_799)),
        ] {
            assert_eq!(unix_seconds(date), expected, "{date}");
        }
    }

    #[test]
    fn no_header_is_no_wait() {
        let answer = Answer { status: 503, headers: Vec::new(), body: Vec::new(), cut: false };
        assert_eq!(read(&answer, NOW_MS), None);
    }
}
