//! `Retry-After`: how long an answer asks to wait, in seconds or as a date.
//!
//! Undocumented by Knosc, but proxies in front of it send the header. Takes the time as an argument; has no clock.
//!
//! ```http
//! Retry-After: 120
//! Retry-After: Sat, 01 Jun 2024 08:45:22 GMT
//! ```

use std::time::{Duration, UNIX_EPOCH};

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
        let at = httpdate::parse_http_date(value).ok()?.duration_since(UNIX_EPOCH).ok()?;
        let wait = at.saturating_sub(Duration::from_millis(now_ms));
        u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)
    };
    (wait_ms > 0).then_some(wait_ms.min(RETRY_AFTER_MAX_MS))
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
    }

    #[test]
    fn no_header_is_no_wait() {
        let answer = Answer { status: 503, headers: Vec::new(), body: Vec::new(), cut: false };
        assert_eq!(read(&answer, NOW_MS), None);
    }
}
