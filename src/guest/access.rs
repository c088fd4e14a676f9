//! What a world adds to a request so that Knosc takes it, how it is renewed, and when Knosc last took it.

use super::http::Headers;
use crate::origin::Origin;
use crate::protocol::Method;

/// A signed-in user, or a host that is one.
pub(super) trait Access {
    /// The headers of a request; none where the host adds them.
    fn headers(&self, method: Method) -> Headers;

    /// After a refusal of the session: true if the same request may be made once more.
    fn renew(&mut self, origin: &Origin) -> bool;

    /// Whether Knosc took the session so lately that an upload need not prove it first.
    fn is_proven(&self) -> bool;

    /// Notes that Knosc took the session just now.
    fn prove(&mut self);
}
