//! The requests that load nothing: polls and the list of templates. After a refused session each is made once more.

use super::access::Access;
use super::clock;
use super::http::{self, Incoming};
use crate::fault::Fault;
use crate::job::{Job, JobReport};
use crate::origin::Origin;
use crate::protocol::{Request, classify, poll};

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
    let answer = http::ask(origin, request, access.headers(request.method))?;
    if classify::wants_renewal(answer.status) && access.renew(origin) {
        return http::ask(origin, request, access.headers(request.method));
    }
    Ok(answer)
}
