//! `POST /api/logout`: ends a session.
//!
//! What Knosc answers is not documented beyond 200, so that there is nothing to read.
//!
//! ```http
//! POST /api/logout
//! ```

use super::{Method, Request};

/// Ends the session whose headers are added ([`super::cookies::session_headers`]).
pub fn request() -> Request {
    Request {
        method: Method::Post,
        path: "/api/logout".to_owned(),
        headers: Vec::new(),
        body: Vec::new(),
    }
}
