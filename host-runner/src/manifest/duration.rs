//! Durations as people write them: `30s`, `5m`, `1h 30m`.
//!
//! Text in, milliseconds out.

use std::time::Duration;

/// Text that is no duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{given}' is no duration; write 500ms, 30s, 5m, 2h or 1h 30m")]
pub struct DurationError {
    /// What was given.
    pub given: String,
}

/// Reads a duration; a bare number is refused, since nobody knows whether it means seconds.
///
/// # Errors
/// [`DurationError`] for anything but numbers with `ms`, `s`, `m`, `h` or `d`.
pub fn parse(text: &str) -> Result<Duration, DurationError> {
    let refused = || DurationError { given: text.chars().take(40).collect() };
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(refused());
    }
    let mut total_ms: u64 = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(refused)?;
        let (number, tail) = rest.split_at(digits);
        let letters = tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len());
        let (unit, after) = tail.split_at(letters);
        let unit_ms = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" | "min" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(refused()),
        };
        let part = number.parse::<u64>().ok().and_then(|count| count.checked_mul(unit_ms));
        total_ms = part.and_then(|part| total_ms.checked_add(part)).ok_or_else(refused)?;
        rest = after.trim_start();
    }
    Ok(Duration::from_millis(total_ms))
}

/// Writes a duration as [`parse`] reads it, in the largest unit that leaves nothing over.
pub fn text(duration: Duration) -> String {
    let ms = duration.as_millis();
    let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s")];
    let whole = units.iter().find(|(unit_ms, _)| ms > 0 && ms.is_multiple_of(*unit_ms));
    whole.map_or_else(|| format!("{ms}ms"), |(unit_ms, unit)| format!("{}{unit}", ms / unit_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        let ms = |text: &str| parse(text).map(|duration| duration.as_millis());
        assert_eq!(ms("500ms"), Ok(500));
        assert_eq!(ms("30s"), Ok(30_000));
        assert_eq!(ms("1h 30m"), Ok(5_400_000));
        assert_eq!(ms("1h30m"), Ok(5_400_000));
        assert_eq!(ms("0s"), Ok(0));
        for ms in [0, 1, 500, 1_000, 90_000, 5_400_000, 86_400_000] {
            let duration = Duration::from_millis(ms);
            assert_eq!(parse(&text(duration)), Ok(duration));
        }
        assert_eq!(text(Duration::from_mins(90)), "90m");
        for refused in ["", "30", "s", "-1s", "1.5h", "3 s", "99999999999999999999s", "1w"] {
            assert!(parse(refused).is_err(), "{refused}");
        }
    }
}
