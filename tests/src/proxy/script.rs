//! What a test tells the proxy to do with a request, as values.
//!
//! Does nothing itself.

use std::time::Duration;

/// Which requests a rule is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// The next connection, before a byte of it is read.
    Connection,
    /// The next upload.
    Upload,
    /// The next poll.
    Poll,
    /// The next renewal of a session.
    Renewal,
    /// The next question that proves a session.
    Proof,
}

impl Which {
    pub(super) fn fits(&self, method: &str, path: &str) -> bool {
        match self {
            Self::Connection => false,
            Self::Upload => method == "POST" && path.starts_with("/api/job/"),
            Self::Poll => method == "GET" && path.starts_with("/api/job"),
            Self::Proof => method == "GET" && path.starts_with("/api/validate-privileges"),
            Self::Renewal => method == "POST" && path.starts_with("/api/token-refresh"),
        }
    }
}

/// How far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upto {
    /// So many bytes, the head of the message included.
    Bytes(u64),
    /// The head.
    Head,
    /// Half of the message.
    Half,
    /// All but so many bytes.
    AllBut(u64),
    /// The whole message.
    Whole,
}

impl Upto {
    pub(super) fn bytes(self, head: u64, whole: u64) -> u64 {
        match self {
            Self::Bytes(count) => count.min(whole),
            Self::Head => head,
            Self::Half => whole / 2,
            Self::AllBut(count) => whole.saturating_sub(count),
            Self::Whole => whole,
        }
    }
}

/// One thing that the proxy does with a request; a script is some of them, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Reads the request so far and passes it on.
    Take(Upto),
    /// Reads the request so far, with so many bytes a second, and passes it on.
    TakeSlowly(Upto, u64),
    /// Reads the request so far and passes nothing on.
    Swallow(Upto),
    /// Waits for the server's whole answer, and gives nothing of it to the client yet.
    Hear,
    /// Gives the client the server's answer so far.
    Tell(Upto),
    /// Gives the client these bytes, so many times.
    Say(Vec<u8>, u32),
    /// Sends the server the same request once more, on another connection.
    Twice,
    /// Waits.
    Wait(Duration),
    /// Reads and writes nothing more, and keeps the connection.
    Stall,
    /// Ends both connections in good order.
    Fin,
    /// Breaks the client's connection at once; the server's ends in good order.
    Reset,
}

impl Act {
    /// An answer of the proxy's own, whole.
    pub fn answer(status: u16, headers: &str, body: &str) -> Self {
        let length = body.len();
        let text =
            format!("HTTP/1.1 {status} Told\r\ncontent-length: {length}\r\n{headers}\r\n{body}");
        Self::Say(text.into_bytes(), 1)
    }
}

/// A script, and what it is for.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) which: Which,
    pub(super) times: u32,
    pub(super) script: Vec<Act>,
}
