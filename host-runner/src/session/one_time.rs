//! One-time codes of a second factor (RFC 6238: SHA-1, 30 seconds, six digits), none of them twice.
//!
//! Sends nothing. Remembers which code was used, and never the secret.

use std::time::Duration;

use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

use crate::clock::Clock;

/// The length of a step, every authenticator's default.
const STEP_MS: u64 = 30_000;

/// Digits of a code.
const CODE_LENGTH: usize = 6;

/// How often the clock is asked again while waiting for a step: a wait may end early by some milliseconds.
const WAITS_MAX: usize = 3;

/// Why there is no code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OneTimeError {
    /// The user has a second factor, and the credentials hold none.
    #[error("this user has a second factor, and the credentials hold no one-time secret")]
    Missing,
    /// The one-time secret is neither base32 nor six digits.
    #[error("the one-time secret is neither base32 nor a code of six digits")]
    Invalid,
    /// The one code that was given has been used.
    #[error("the one-time code has been used already")]
    Used,
}

impl OneTimeError {
    /// What the caller can do about it.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Missing => {
                "add the authenticator's base32 secret, or a current code of six digits, to the credentials"
            }
            Self::Invalid => "copy the authenticator's secret again: letters A-Z and digits 2-7",
            Self::Used => {
                "give a new code, or the authenticator's secret, which makes one for each sign-in"
            }
        }
    }
}

/// What was used so far.
#[derive(Default)]
pub(super) struct OneTime {
    last_step: Option<u64>,
    code_used: bool,
}

impl OneTime {
    /// Says whether the secret can give a code at all.
    pub(super) fn check(&self, secret: &str) -> Result<(), OneTimeError> {
        match (is_code(secret), self.code_used) {
            (true, true) => Err(OneTimeError::Used),
            (true, false) => Ok(()),
            (false, _) => totp(secret, 0).map(|_| ()),
        }
    }

    /// Gives a code that was not given before; waits for the next step where it must, at most 31 seconds.
    pub(super) async fn next(
        &mut self,
        secret: &str,
        clock: &dyn Clock,
    ) -> Result<String, OneTimeError> {
        self.check(secret)?;
        if is_code(secret) {
            self.code_used = true;
            return Ok(secret.trim().to_owned());
        }
        for _ in 0..WAITS_MAX {
            let now = clock.now_ms();
            if self.last_step.is_none_or(|last| last < now / STEP_MS) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(STEP_MS - now % STEP_MS)).await;
        }
        let step = clock.now_ms() / STEP_MS;
        if self.last_step.is_some_and(|last| last >= step) {
            return Err(OneTimeError::Used);
        }
        self.last_step = Some(step);
        totp(secret, step)
    }
}

fn is_code(secret: &str) -> bool {
    let secret = secret.trim();
    secret.len() == CODE_LENGTH && secret.bytes().all(|byte| byte.is_ascii_digit())
}

fn totp(secret: &str, step: u64) -> Result<String, OneTimeError> {
    code(secret, step).ok_or(OneTimeError::Invalid)
}

/// The code of a step; `None` if the secret is not base32. Spaces and padding are as authenticators show them.
fn code(secret: &str, step: u64) -> Option<String> {
    let clean: String = secret.chars().filter(|c| !c.is_whitespace() && *c != '=').collect();
    let key = BASE32_NOPAD.decode(clean.to_ascii_uppercase().as_bytes()).ok()?;
    if key.is_empty() {
        return None;
    }
    let mut mac = Hmac::<Sha1>::new_from_slice(&key).ok()?;
    mac.update(&step.to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let offset = usize::from(*digest.last()? & 0x0f);
    let four: [u8; 4] = digest.get(offset..offset + 4)?.try_into().ok()?;
    let number = u32::from_be_bytes(four) & 0x7fff_ffff;
    Some(format!("{:06}", number % 1_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The last six digits of RFC 6238, appendix B.
    #[test]
    fn codes_of_the_rfc() {
        let secret = BASE32_NOPAD.encode(b"12345678901234567890");
        for (seconds, expected) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(code(&secret, seconds / 30).as_deref(), Some(expected), "{seconds}");
        }
    }

    #[test]
    fn secrets_are_read_as_people_copy_them() {
        let plain = code("JBSWY3DPEHPK3PXP", 1);
        assert!(plain.is_some());
        assert_eq!(code(" jbsw y3dp ehpk 3pxp == ", 1), plain);
        assert_eq!(code("not base32!", 1), None);
        assert_eq!(code("", 1), None);
    }

    struct Fixed(u64);

    impl Clock for Fixed {
        fn now_ms(&self) -> u64 {
            self.0
        }
    }

    #[tokio::test]
    async fn six_digits_are_given_once() {
        let mut one_time = OneTime::default();
        assert_eq!(one_time.next(" 123456 ", &Fixed(0)).await.unwrap(), "123456");
        assert_eq!(one_time.next("123456", &Fixed(0)).await, Err(OneTimeError::Used));
    }

    #[tokio::test]
    async fn a_clock_that_stands_still_gives_no_code_twice() {
        let mut one_time = OneTime::default();
        let stopped = Fixed(STEP_MS - 1);
        assert!(one_time.next("JBSWY3DPEHPK3PXP", &stopped).await.is_ok());
        let again = one_time.next("JBSWY3DPEHPK3PXP", &stopped).await;
        assert_eq!(again, Err(OneTimeError::Used));
    }
}
