//! Values of the contract to values of the core and back, and nothing else.
//!
//! What comes out of a component is not trusted: a name that the core does not know is an error, never a guess. Each type is
//! written down once, for both ways, so that a field that one side lacks does not compile.

use knosc_bulk_import::fault::{Fault, Refusal};
use knosc_bulk_import::job::{Job, JobReport, JobStatus, RowError};
use knosc_bulk_import::policy::Policy;
use knosc_bulk_import::run::{Event, Fact, Outcome, Report, Resolution, SentFile, StepReport};
use knosc_bulk_import::trigger::{Trigger, UnknownTrigger};

use crate::bindings::knosc::bulk_import::types as wit;

/// A value of the core that the contract has too.
pub(crate) trait Contract: Sized {
    /// What the generated bindings make of it.
    type Wit;

    /// For the component.
    fn to_wit(&self) -> Self::Wit;

    /// From the component.
    fn from_wit(wit: Self::Wit) -> Result<Self, UnknownTrigger>;
}

/// Types that are the same on both sides.
macro_rules! same {
    ($($name:ty),*) => {$(
        impl Contract for $name {
            type Wit = Self;

            fn to_wit(&self) -> Self {
                self.clone()
            }

            fn from_wit(wit: Self) -> Result<Self, UnknownTrigger> {
                Ok(wit)
            }
        }
    )*};
}

/// Records of the same name and fields.
macro_rules! record {
    ($name:ident { $($field:ident),* }) => {
        impl Contract for $name {
            type Wit = wit::$name;

            fn to_wit(&self) -> wit::$name {
                wit::$name { $($field: self.$field.to_wit()),* }
            }

            fn from_wit(wit: wit::$name) -> Result<Self, UnknownTrigger> {
                Ok(Self { $($field: Contract::from_wit(wit.$field)?),* })
            }
        }
    };
}

/// Variants of the same name and cases: first those with a value, then those without.
macro_rules! variant {
    ($name:ident { $($case:ident),*; $($bare:ident),* }) => {
        impl Contract for $name {
            type Wit = wit::$name;

            fn to_wit(&self) -> wit::$name {
                match self {
                    $(Self::$case(value) => wit::$name::$case(value.to_wit()),)*
                    $(Self::$bare => wit::$name::$bare,)*
                }
            }

            fn from_wit(wit: wit::$name) -> Result<Self, UnknownTrigger> {
                Ok(match wit {
                    $(wit::$name::$case(value) => Self::$case(Contract::from_wit(value)?),)*
                    $(wit::$name::$bare => Self::$bare,)*
                })
            }
        }
    };
}

same!(String, bool, u8, u16, u32, u64);
record!(SentFile { trigger, name, size, sha256, seal_follows });
record!(Job { trigger, job_id });
record!(Refusal { status, code, message, retry_after_ms });
record!(RowError { row, message });
record!(JobReport {
    job,
    status,
    rows_processed,
    errors,
    errors_omitted,
    errors_cut,
    completed_at
});
record!(Policy {
    poll_interval_min_ms,
    poll_interval_max_ms,
    queued_max_ms,
    running_max_ms,
    allow_repeated_trigger
});
record!(Event { at_ms, step, fact });
record!(StepReport { trigger, file_name, outcome });
record!(Report { steps, events });
variant!(JobStatus { Other; Queued, Running, Completed, Failed, Missing });
variant!(Fault {
    PermanentInvalid, PermanentDenied, PermanentUnauthorized, PermanentRejected,
    PermanentOutcomeUnknown, Transient, NotFinished;
    ExecutionFailed
});
variant!(Resolution { Accepted; NotAccepted });
variant!(Fact {
    UploadStarted, UploadSealed, UploadAccepted, UploadEnded, JobObserved, PollFailed, Resolved;
});
variant!(Outcome {
    Completed, Failed, Refused, Unknown, Pending, Lost, Unchanged;
    NotStarted
});

impl Contract for Trigger {
    type Wit = String;

    fn to_wit(&self) -> String {
        self.name().to_owned()
    }

    fn from_wit(wit: String) -> Result<Self, UnknownTrigger> {
        wit.parse()
    }
}

impl Contract for usize {
    type Wit = u32;

    /// A plan has at most a few files (`plan::FILES_MAX`), so that an index always fits.
    fn to_wit(&self) -> u32 {
        u32::try_from(*self).unwrap_or(u32::MAX)
    }

    fn from_wit(wit: u32) -> Result<Self, UnknownTrigger> {
        Ok(wit as Self)
    }
}

impl<T: Contract> Contract for Box<T> {
    type Wit = T::Wit;

    fn to_wit(&self) -> T::Wit {
        (**self).to_wit()
    }

    fn from_wit(wit: T::Wit) -> Result<Self, UnknownTrigger> {
        T::from_wit(wit).map(Self::new)
    }
}

impl<T: Contract> Contract for Option<T> {
    type Wit = Option<T::Wit>;

    fn to_wit(&self) -> Self::Wit {
        self.as_ref().map(T::to_wit)
    }

    fn from_wit(wit: Self::Wit) -> Result<Self, UnknownTrigger> {
        wit.map(T::from_wit).transpose()
    }
}

impl<T: Contract> Contract for Vec<T> {
    type Wit = Vec<T::Wit>;

    fn to_wit(&self) -> Self::Wit {
        self.iter().map(T::to_wit).collect()
    }

    fn from_wit(wit: Self::Wit) -> Result<Self, UnknownTrigger> {
        wit.into_iter().map(T::from_wit).collect()
    }
}
