//! The requests that load nothing: polls, the list of templates, and the proof of a session. After a refused session each is made
//! once more.

use super::access::Access;
use super::clock;
use super::http::{self, Incoming};
use crate::fault::Fault;
use crate::job::{Job, JobReport};
use crate::origin::Origin;
use crate::protocol::{ANSWER_BYTES_MAX, Request, classify, poll, validate_privileges};

/// Asks once how far the jobs are, and reads the answer as it comes.
pub(super) fn poll_once(
    origin: &Origin,
    access: &mut dyn Access,
    jobs: &[Job],
) -> Result<Vec<JobReport>, Fault> {
    let mut answer = ask(origin, access, &poll::request(jobs)?)?;
    poll::read(jobs, answer.status, &answer.headers, &mut answer.body, clock::now_ms())
}

/// Asks with the session's headers; after a refusal once more, if the session could be renewed.
pub(super) fn ask(
    origin: &Origin,
    access: &mut dyn Access,
    request: &Request,
) -> Result<Incoming, Fault> {
    let mut answer = http::ask(origin, request, access.headers(request.method))?;
    if classify::wants_renewal(answer.status) && access.renew(origin) {
        answer = http::ask(origin, request, access.headers(request.method))?;
    }
    if is_success(answer.status) {
        access.prove();
    }
    Ok(answer)
}

/// Before a file leaves: a session that Knosc has not taken for a while is shown to it with a question that changes nothing, so
/// that an honest refusal comes before the seal. After it, a refusal may be a proxy's.
///
/// # Errors
/// [`Fault::PermanentUnauthorized`] if Knosc does not take the session, and it could not be renewed. Whatever else comes of the
/// question says nothing about the upload.
pub(super) fn prove_session(origin: &Origin, access: &mut dyn Access) -> Result<(), Fault> {
    if access.is_proven() {
        return Ok(());
    }
    match ask(origin, access, &validate_privileges::request()) {
        Ok(answer) => validate_privileges::read(&answer.read(ANSWER_BYTES_MAX), clock::now_ms()),
        Err(_) => Ok(()),
    }
}

/// Whether a status is one of success.
pub(super) const fn is_success(status: u16) -> bool {
    matches!(status, 200..=299)
}
