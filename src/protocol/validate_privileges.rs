//! `GET /api/validate-privileges`: what proves a session before an upload. A question that changes nothing, and that Knosc answers in
//! a few bytes.
//!
//! Only whether it takes the session counts; the privilege it is asked for says nothing about an upload (documented is the one to
//! view a page).
//!
//! ```http
//! GET /api/validate-privileges?path=/item-master
//! ```
//!
//! ```json
//! {"access": true}
//! ```

use super::{Answer, Method, Request, classify};
use crate::fault::Fault;

/// Asks for a page that each importer knows.
pub fn request() -> Request {
    Request {
        method: Method::Get,
        path: "/api/validate-privileges?path=/item-master".to_owned(),
        headers: Vec::new(),
        body: Vec::new(),
    }
}

/// Reads whether Knosc takes the session.
///
/// # Errors
/// [`Fault::PermanentUnauthorized`] for 401 and 422. Any other answer says nothing against the session.
pub fn read(answer: &Answer, now_ms: u64) -> Result<(), Fault> {
    if classify::wants_renewal(answer.status) {
        return Err(classify::read_refused(answer, now_ms));
    }
    Ok(())
}
