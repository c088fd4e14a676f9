//! Writes a moment as the documentation does, and computes TOTP codes.
//! Asks no clock: every moment is handed in as milliseconds since 1970.

use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

/// The length of a TOTP step in milliseconds (RFC 6238's default, and every authenticator's).
const TOTP_STEP_MS: u64 = 30_000;

/// Writes `2024-06-01T08:45:22Z`.
pub(crate) fn timestamp(ms: u64) -> String {
    let seconds = ms / 1_000;
    let (year, month, day) = civil(seconds / 86_400);
    let (hour, minute, second) = (seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Turns days since 1970 into a date: Howard Hinnant's `civil_from_days`, for days not before 1970.
fn civil(days: u64) -> (u64, u64, u64) {
    let z = days + 719_468;
    let era = z / 146_097;
    let day_of_era = z % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (
        year_of_era + era * 400 + u64::from(month <= 2),
        month,
        day_of_year - (153 * shifted + 2) / 5 + 1,
    )
}

/// Computes the 6-digit TOTP code (SHA-1, 30 seconds) of a base32 secret; `None` if the secret is not base32.
pub fn totp_code(secret: &str, now_ms: u64) -> Option<String> {
    totp_at(secret, now_ms / TOTP_STEP_MS)
}

/// Finds the step, among those near now, whose code this is.
pub(crate) fn totp_step(secret: &str, code: &str, now_ms: u64, skew: u64) -> Option<u64> {
    let now = now_ms / TOTP_STEP_MS;
    (now.saturating_sub(skew)..=now.saturating_add(skew))
        .find(|step| totp_at(secret, *step).as_deref() == Some(code))
}

fn totp_at(secret: &str, step: u64) -> Option<String> {
    let clean: String = secret.chars().filter(|c| !c.is_whitespace() && *c != '=').collect();
    let key = BASE32_NOPAD.decode(clean.to_ascii_uppercase().as_bytes()).ok()?;
    let mut mac = Hmac::<Sha1>::new_from_slice(&key).ok()?;
    mac.update(&step.to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let offset = usize::from(*digest.last()? & 0x0f);
    let four: [u8; 4] = digest.get(offset..offset + 4)?.try_into().ok()?;
    Some(format!("{:06}", (u32::from_be_bytes(four) & 0x7fff_ffff) % 1_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_are_those_of_the_calendar() {
        let cases = [
            (0, "1970-01-01T00:00:00Z"),
            (1_717_231_522_999, "2024-06-01T08:45:22Z"),
            (1_709_164_800_000, "2024-02-29T00:00:00Z"),
            (4_102_444_799_000, "2099-12-31T23:59:59Z"),
        ];
        for (ms, expected) in cases {
            assert_eq!(timestamp(ms), expected);
        }
    }

    #[test]
    fn totp_gives_the_vectors_of_rfc_6238() {
        let secret = BASE32_NOPAD.encode(b"12345678901234567890");
        for (seconds, code) in
            [(59, "287082"), (1_111_111_109, "081804"), (2_000_000_000, "279037")]
        {
            assert_eq!(totp_code(&secret, seconds * 1_000).as_deref(), Some(code));
        }
        assert_eq!(totp_code("not base32!", 0), None);
    }
}
