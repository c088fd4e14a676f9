//! What a person can do about an error, in a sentence.
//!
//! Texts only: what a program may do next is each error's `advice`.

use knosc_bulk_import::fault::{Advice, Fault};

use crate::blobs::BlobSourceError;
use crate::credentials::CredentialsError;
use crate::egress::Denial;
use crate::error::Error;
use crate::journal::JournalError;
use crate::net::NetError;
use crate::session::SignInError;

impl Error {
    /// What the caller can do about it, in a sentence.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Fault(fault) => hint_of(fault.advice()),
            Self::Trap { .. } | Self::Limit(_) => {
                "this is a fault of the component, not of the files; the journal says what was sent, and resuming is safe"
            }
            Self::Component { .. } => "use the component that came with this version",
            Self::Journal(error) => error.hint(),
            Self::Blob(error) => error.hint(),
            Self::Egress(denial) => denial.hint(),
            Self::SignIn(error) => error.hint(),
            Self::Net(error) => error.hint(),
            Self::Cancelled { .. } => "resume the run with the same journal; nothing is sent twice",
        }
    }
}

impl Denial {
    /// What would allow it.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Origin { .. } => "a tenant has one origin; another one needs a tenant of its own",
            Self::UserInfo => "leave the user name and password out; the host adds the session",
            Self::Method(_) => "the import needs GET and POST alone",
            Self::AmbiguousPath => "write the path plainly, as in Knosc's documentation",
            Self::Path { .. } => {
                "allowed are GET /api/job and /api/templates, POST /api/job/<trigger> and the sign-in routes"
            }
            #[cfg(feature = "account")]
            Self::Link => "give it as it stands in the list of templates",
            Self::Query { .. } => "only GET /api/job takes a query",
            Self::Address { .. } => {
                "only public addresses are connected to; `allow_private` admits a company's own network"
            }
            Self::Length => "send the length of the whole body, and no Transfer-Encoding",
            Self::Malformed => "write the value in visible ASCII characters",
        }
    }
}

impl NetError {
    /// What the caller can do about it.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Denied(denial) => denial.hint(),
            Self::Configuration { hint, .. } => hint,
            Self::Dns { .. } => {
                "check the host in the base URL, and that this machine resolves names"
            }
            Self::Connect(_) | Self::ConnectTimeout => {
                "check that the server is up, and whether this network needs HTTPS_PROXY"
            }
            Self::Tls(_) | Self::TlsTimeout => {
                "check that the address speaks TLS 1.2 or 1.3, and that nothing between ends it"
            }
            Self::UntrustedCertificate(_) => {
                "name the certificate authority's PEM file where the certificate is meant to be trusted"
            }
            Self::Proxy(_) => "check HTTPS_PROXY, its user name and password, and NO_PROXY",
            Self::Body(_) => "the file changed or cannot be read; start again with a whole one",
            Self::WriteStall(_)
            | Self::AnswerTimeout(_)
            | Self::BodyIdle
            | Self::AnswerTooSlow
            | Self::Closed { .. } => "call again later where nothing can have been accepted",
            Self::Protocol { .. } | Self::AnswerTooLarge => {
                "check that the base URL is Knosc's and not another service's"
            }
        }
    }
}

impl SignInError {
    /// What the caller can do about it.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Refused(Fault::PermanentUnauthorized(_)) => {
                "check user name and password; three failures in a row lock the account, so this process does not try again"
            }
            Self::Refused(_) => {
                "check that the base URL is Knosc's, and whether a proxy answers in its place"
            }
            Self::Unavailable(_) => "sign in again later",
            Self::Net(error) => error.hint(),
            Self::Credentials(error) => error.hint(),
            Self::SessionExpired => {
                "sign in again, and store the new session with its refresh cookies"
            }
            Self::FirstSignInRequired => "sign in once with a browser and set a password",
            #[cfg(feature = "sign-in")]
            Self::OneTime(error) => error.hint(),
        }
    }
}

impl JournalError {
    /// What the caller can do about it.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Locked { .. } => "wait for the other process, or end it; a run has one writer",
            Self::Read { .. } => "nothing was sent; look at the journal file and its permissions",
            Self::Write { .. } => {
                "nothing is sent without a journal; free space on its disk, then resume the run"
            }
        }
    }
}

impl BlobSourceError {
    /// What the caller can do about it.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "look for the file's name, and whether the export has run",
            Self::NotAFile { .. } => "name a file, such as exports/items.xlsx",
            Self::Changed { .. } => {
                "wait until the export has written the file whole, then run again"
            }
            Self::Read { .. } => "look at the file's permissions and at its disk",
        }
    }
}

impl CredentialsError {
    /// What the caller can do about it.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Missing(_) => "store a session, or a user name and a password, for this tenant",
            Self::Refused(_) => "store another password or one-time secret for this tenant",
            Self::Unavailable(_) => "call again when the store of the credentials answers",
        }
    }
}

const fn hint_of(advice: Advice) -> &'static str {
    match advice {
        Advice::CallAgain => "nothing was accepted: make the same call again later",
        Advice::PollLater => "the job goes on: poll it again later",
        Advice::SignIn => "sign in again, or ask for the privilege in Knosc",
        Advice::MendInput => "change the input; the same call would be refused again",
        Advice::AskOperator => "ask whoever runs this host to allow it",
        Advice::Decide => {
            "send nothing again before somebody looked in Knosc whether the file arrived"
        }
    }
}
