//! Why a call of the library came to nothing, and what its caller may do next.
//!
//! Values only. What Knosc refused is a [`Fault`] and keeps its own advice; the other cases are the host's.

use knosc_bulk_import::fault::{Advice, Fault};
use knosc_bulk_import::run::Report;

use crate::blobs::BlobSourceError;
use crate::egress::Denial;
use crate::journal::JournalError;
use crate::net::NetError;
use crate::session::SignInError;

/// Why a call came to nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// What the component answered.
    #[error("{}", .0.message())]
    Fault(Fault),
    /// The component ended in the middle of its work. What left before that is in the journal.
    #[error("the component trapped: {message}")]
    Trap {
        /// What wasmtime said.
        message: String,
    },
    /// The component asked for more than a store may have.
    #[error("the component went over a limit: {0}")]
    Limit(Limit),
    /// The component cannot be read, compiled or linked.
    #[error("the component cannot be used: {message}")]
    Component {
        /// What wasmtime or the file system said.
        message: String,
    },
    /// The journal cannot be read or written; nothing is sent without one.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A file cannot be opened.
    #[error(transparent)]
    Blob(#[from] BlobSourceError),
    /// A request that this tenant may not make.
    #[error(transparent)]
    Egress(#[from] Denial),
    /// No session: wrong credentials, or none at hand.
    #[error(transparent)]
    SignIn(#[from] SignInError),
    /// The client cannot be set up ([`NetError::Configuration`]), or a request of the host's own got no answer.
    #[error(transparent)]
    Net(#[from] NetError),
    /// The caller cancelled. The report says what the journal knows; none if the call was no run, or had not begun.
    #[error("cancelled")]
    Cancelled {
        /// Every file as the journal knows it.
        report: Option<Box<Report>>,
    },
}

/// Which limit a component met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Limit {
    /// More time computing than one call may take; waiting is free.
    #[error("computing time")]
    Cpu,
    /// More linear memory than a store may have.
    #[error("memory")]
    Memory,
    /// More tables or table elements than a store may have.
    #[error("tables")]
    Tables,
}

impl Error {
    pub(crate) fn component(error: &wasmtime::Error) -> Self {
        Self::Component { message: format!("{error:#}") }
    }

    /// What the caller may do next.
    pub const fn advice(&self) -> Advice {
        match self {
            Self::Fault(fault) => fault.advice(),
            // A component that ended says nothing of what was sent; the journal does.
            Self::Trap { .. } | Self::Limit(_) | Self::Cancelled { .. } => Advice::Decide,
            Self::Component { .. } | Self::Egress(_) | Self::Journal(_) => Advice::AskOperator,
            Self::Net(error) => error.advice(),
            Self::Blob(_) => Advice::MendInput,
            Self::SignIn(error) => error.advice(),
        }
    }
}
