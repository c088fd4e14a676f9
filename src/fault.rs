//! Why a call came to nothing, and what its caller may do next.
//!
//! Values only. The decision which answer is which fault is in `protocol::classify`.

use crate::job::JobReport;

/// What is known of an exchange that came to nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status; none where no answer came.
    pub status: Option<u16>,
    /// Knosc's `Code` field, `User.NotPrivileged`.
    pub code: Option<String>,
    /// Knosc's words where it said any, else ours.
    pub message: String,
    /// How long Knosc asked to wait, already capped.
    pub retry_after_ms: Option<u64>,
}

impl Refusal {
    /// A refusal of which only our own words are known: no answer came.
    pub fn unanswered(message: impl Into<String>) -> Self {
        Self { message: message.into(), ..Self::default() }
    }
}

/// Why a call came to nothing. The names say what a caller may do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Set by an engine for a trap, a timeout or a cancelled run; never by us.
    ExecutionFailed,
    /// The input is wrong; nothing was sent.
    PermanentInvalid(String),
    /// The host refused the request, or the server's certificate is not trusted; nothing was sent.
    PermanentDenied(String),
    /// 401, 403 or a CSRF refusal, after one refresh where one was possible.
    PermanentUnauthorized(Refusal),
    /// Knosc refused the request for good.
    PermanentRejected(Refusal),
    /// The file may have been accepted; a person decides.
    PermanentOutcomeUnknown(Refusal),
    /// Nothing was accepted: the same call may be made again.
    Transient(Refusal),
    /// The job is still queued or running.
    NotFinished(Box<JobReport>),
}

/// What the caller of a call that came to nothing may do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advice {
    /// Make the same call again, after `retry_after_ms` where it is given.
    CallAgain,
    /// Poll again later.
    PollLater,
    /// Sign in again, or ask for the privilege.
    SignIn,
    /// Change the input.
    MendInput,
    /// Ask whoever runs the host to allow it.
    AskOperator,
    /// Send nothing again; a person looks at Knosc and decides.
    Decide,
}

impl Fault {
    /// What the caller may do next.
    pub const fn advice(&self) -> Advice {
        match self {
            Self::Transient(_) => Advice::CallAgain,
            Self::NotFinished(_) => Advice::PollLater,
            Self::PermanentUnauthorized(_) => Advice::SignIn,
            Self::PermanentInvalid(_) | Self::PermanentRejected(_) => Advice::MendInput,
            Self::PermanentDenied(_) => Advice::AskOperator,
            // A trap says nothing of what was sent before it.
            Self::ExecutionFailed | Self::PermanentOutcomeUnknown(_) => Advice::Decide,
        }
    }

    /// What is known of the exchange, where there was one.
    pub const fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::PermanentUnauthorized(refusal)
            | Self::PermanentRejected(refusal)
            | Self::PermanentOutcomeUnknown(refusal)
            | Self::Transient(refusal) => Some(refusal),
            Self::ExecutionFailed
            | Self::PermanentInvalid(_)
            | Self::PermanentDenied(_)
            | Self::NotFinished(_) => None,
        }
    }

    /// The sentence for people.
    pub fn message(&self) -> &str {
        match self {
            Self::ExecutionFailed => "the engine ended the call",
            Self::PermanentInvalid(message) | Self::PermanentDenied(message) => message,
            Self::PermanentUnauthorized(refusal)
            | Self::PermanentRejected(refusal)
            | Self::PermanentOutcomeUnknown(refusal)
            | Self::Transient(refusal) => &refusal.message,
            Self::NotFinished(_) => "the job is still queued or running",
        }
    }
}
