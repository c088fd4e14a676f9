//! What a world adds to a request so that Knosc takes it, and how it is renewed.

use super::http::Headers;
use crate::origin::Origin;
use crate::protocol::Method;

/// A signed-in user, or a host that is one.
pub(super) trait Access {
    /// The headers of a request; none where the host adds them.
    fn headers(&self, method: Method) -> Headers;

    /// After a refusal of the session: true if the same request may be made once more.
    fn renew(&mut self, origin: &Origin) -> bool;
}
