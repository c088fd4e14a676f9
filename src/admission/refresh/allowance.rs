//! How much a file may leave out: a number, or a share of what was there.

use std::fmt;
use std::str::FromStr;

use super::Dropped;

/// The largest drop that is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allowance {
    /// So many keys or rows.
    Count(u64),
    /// So many hundredths of a percent.
    Share(u32),
}

/// A hundred percent.
const WHOLE: u32 = 10_000;

impl Allowance {
    /// Everything may go.
    pub const ALL: Self = Self::Share(WHOLE);

    /// Whether so much may be left out.
    pub fn permits(self, dropped: &Dropped) -> bool {
        match self {
            Self::Count(count) => dropped.left_out <= count,
            Self::Share(share) => {
                let (left_out, of) = (u128::from(dropped.left_out), u128::from(dropped.of));
                left_out * u128::from(WHOLE) <= of * u128::from(share)
            }
        }
    }

    /// Whether a file without a row may be sent, whatever was there before.
    pub const fn permits_empty(self) -> bool {
        matches!(self, Self::Share(WHOLE))
    }
}

/// A night's ordinary changes of orders are below it; an export that broke off in its last twentieth is not.
impl Default for Allowance {
    fn default() -> Self {
        Self::Share(500)
    }
}

/// A text that is neither a number nor a share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write a number of keys such as 312, or a share such as 7% or 2.5%, at most 100%")]
pub struct BadAllowance;

impl FromStr for Allowance {
    type Err = BadAllowance;

    fn from_str(text: &str) -> Result<Self, BadAllowance> {
        let digits =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let Some(share) = text.trim().strip_suffix('%') else {
            let text = text.trim();
            return if digits(text) {
                text.parse().map(Self::Count).map_err(|_| BadAllowance)
            } else {
                Err(BadAllowance)
            };
        };
        let (whole, hundredths) =
            share.trim_end().split_once('.').unwrap_or((share.trim_end(), "0"));
        if !digits(whole) || !digits(hundredths) || hundredths.len() > 2 {
            return Err(BadAllowance);
        }
        let whole = whole.parse::<u32>().map_err(|_| BadAllowance)?;
        let padded = format!("{hundredths:0<2}").parse::<u32>().map_err(|_| BadAllowance)?;
        let share = whole.checked_mul(100).and_then(|whole| whole.checked_add(padded));
        share.filter(|share| *share <= WHOLE).map(Self::Share).ok_or(BadAllowance)
    }
}

impl fmt::Display for Allowance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(f, "{count}"),
            Self::Share(share) if share % 100 == 0 => write!(f, "{}%", share / 100),
            Self::Share(share) => {
                let (whole, rest) = (share / 100, share % 100);
                let rest = format!("{rest:02}");
                write!(f, "{whole}.{}%", rest.trim_end_matches('0'))
            }
        }
    }
}
