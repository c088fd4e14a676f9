//! One upload: started, streamed, sealed, answered; and once more after a renewed session.
//!
//! The last bytes, which close the multipart body and meet `Content-Length`, leave only when all before them did, the
//! content was verified and `upload-sealed` was recorded. Whatever ends earlier cannot have been accepted.

use wasi::random::random;

use super::access::Access;
use super::feed::{Feed, FeedError, Source};
use super::http::{self, ANSWER_MS, Exchange, GRACE_MS, Interrupted, Outgoing};
use super::{calls, clock};
use crate::blob::BlobError;
use crate::fault::{Fault, Refusal};
use crate::job::JobReport;
use crate::origin::Origin;
use crate::protocol::upload::{Boundary, Frame};
use crate::protocol::{ANSWER_BYTES_MAX, Answer, Method, Sent, classify, upload};
use crate::run::{Fact, Resolution, SentFile};
use crate::trigger::Trigger;

/// A file that can be opened from its start, again for a second request.
pub(super) trait Content {
    /// Opens it, and looks at its first bytes before anything is sent.
    fn open(&self) -> Result<Source<'_>, Fault>;

    /// What can be found wrong with it before anything is sent and without fetching it.
    fn look(&self) -> Result<(), Fault> {
        self.open().map(drop)
    }

    /// Whether content that is held in memory has this boundary in it; a stream is not looked through.
    fn holds(&self, _: &Boundary) -> bool {
        false
    }

    /// The digest that its caller promised, lower-case hex.
    fn sha256(&self) -> Option<String> {
        None
    }
}

/// A file and where it goes.
pub(super) struct Item<'a> {
    pub(super) trigger: Trigger,
    /// A base name, as in the plan.
    pub(super) name: String,
    pub(super) content: Box<dyn Content + 'a>,
}

/// Why there is no job.
pub(super) enum UploadError {
    /// The upload came to nothing, or to nothing that is known.
    Fault(Fault),
    /// A fact could not be recorded: nothing more may be done.
    Unrecorded(Fault),
}

impl From<Fault> for UploadError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// Takes one fact in, durably where the world has a journal.
pub(super) type Record<'r> = dyn FnMut(Fact) -> Result<(), Fault> + 'r;

/// Whether `upload-sealed` is recorded durably before the last bytes leave.
#[derive(Clone, Copy)]
pub(super) enum Seal {
    /// The host's journal does it.
    #[cfg_attr(
        not(feature = "hosted"),
        expect(dead_code, reason = "the portable world has no journal")
    )]
    Recorded,
    /// There is no journal.
    #[cfg_attr(
        feature = "hosted",
        expect(dead_code, reason = "the hosted world always has a journal")
    )]
    Absent,
}

impl Seal {
    const fn follows(self) -> bool {
        matches!(self, Self::Recorded)
    }
}

/// Sends a file, with a session that was proven first; after a 401 or a CSRF refusal that is Knosc's own once more, if the session
/// could be renewed.
///
/// Records `upload-started` and, as [`Seal`] says, `upload-sealed`; how it ended is the caller's to record. A second request
/// is recorded as what it is: the first one ended, was not accepted, and another one started.
pub(super) fn send(
    origin: &Origin,
    item: &Item<'_>,
    access: &mut dyn Access,
    seal: Seal,
    record: &mut Record<'_>,
) -> Result<JobReport, UploadError> {
    calls::prove_session(origin, access)?;
    let (mut answer, mut sent) = attempt(origin, item, access, seal, record)?;
    if classify::wants_renewal(answer.status) {
        let fault = classify::upload_refused(&answer, sent, clock::now_ms());
        // Behind the seal, a 401 of a proxy is no refusal of Knosc's: the file may have been accepted.
        if matches!(fault, Fault::PermanentUnauthorized(_)) && access.renew(origin) {
            record(Fact::UploadEnded(fault)).map_err(UploadError::Unrecorded)?;
            record(Fact::Resolved(Resolution::NotAccepted)).map_err(UploadError::Unrecorded)?;
            (answer, sent) = attempt(origin, item, access, seal, record)?;
        }
    }
    let report = upload::read(item.trigger, &answer, sent, clock::now_ms())?;
    access.prove();
    Ok(report)
}

/// Draws of a boundary before the host's numbers are called bad: one that is random never needs a second.
const DRAWS_MAX: u32 = 4;

/// A boundary of this attempt alone, so that no content can have been made for it.
fn draw_boundary(item: &Item<'_>) -> Result<Boundary, Fault> {
    for _ in 0..DRAWS_MAX {
        let (high, low) = (random::get_random_u64(), random::get_random_u64());
        let boundary = Boundary::from_random(u128::from(high) << 64 | u128::from(low));
        if !boundary.is_in(item.name.as_bytes()) && !item.content.holds(&boundary) {
            return Ok(boundary);
        }
    }
    Err(Fault::PermanentInvalid(format!(
        "'{}' holds each boundary that was drawn for it: the host's random numbers repeat",
        item.name
    )))
}

fn attempt(
    origin: &Origin,
    item: &Item<'_>,
    access: &dyn Access,
    seal: Seal,
    record: &mut Record<'_>,
) -> Result<(Answer, Sent), UploadError> {
    let mut source = item.content.open()?;
    let boundary = draw_boundary(item)?;
    let frame = Frame::new(item.trigger, &item.name, source.size, &boundary)
        .map_err(|error| invalid(&error))?;
    let started = SentFile {
        trigger: item.trigger,
        name: item.name.clone(),
        size: source.size,
        sha256: item.content.sha256(),
        seal_follows: seal.follows(),
    };
    record(Fact::UploadStarted(started)).map_err(UploadError::Unrecorded)?;
    let mut headers = vec![("content-type", frame.content_type.clone())];
    headers.extend(access.headers(Method::Post));
    let (exchange, body) = http::begin(Outgoing {
        origin,
        method: Method::Post,
        path: &frame.path,
        headers,
        length: Some(frame.content_length),
    })?;
    let Some(body) = body else { return Err(broken(origin, Sent::Nothing).into()) };
    let mut sender = Sender { origin, exchange: &exchange, body, sent: Sent::Part };
    match sender.run(&frame, &mut source, seal, record) {
        Ok(()) => {
            let Sender { body, sent, .. } = sender;
            body.finish(&exchange, sent)?;
            Ok((exchange.answer(sent, ANSWER_MS)?.read(ANSWER_BYTES_MAX), sent))
        }
        // The body is dropped, and the request with it, only after the early answer was read.
        Err(End::Interrupted(interrupted)) => Ok((sender.early_answer(&interrupted)?, sender.sent)),
        Err(End::Mismatch(fault)) => Err(fault.into()),
        Err(End::Unsealed(fault)) => sender.unsealed(fault),
    }
}

/// Why a body was not written to its end.
enum End {
    Interrupted(Interrupted),
    /// The content is not what was promised.
    Mismatch(Fault),
    /// `upload-sealed` was not taken.
    Unsealed(Fault),
}

impl From<Interrupted> for End {
    fn from(interrupted: Interrupted) -> Self {
        Self::Interrupted(interrupted)
    }
}

struct Sender<'a> {
    origin: &'a Origin,
    exchange: &'a Exchange,
    body: http::Body,
    /// The most that can have left.
    sent: Sent,
}

impl Sender<'_> {
    fn run(
        &mut self,
        frame: &Frame,
        source: &mut Source<'_>,
        seal: Seal,
        record: &mut Record<'_>,
    ) -> Result<(), End> {
        self.body.write_all(&frame.head, self.exchange)?;
        self.content(source)?;
        source.feed.verify().map_err(End::Mismatch)?;
        // An answer that is there before the end is one to a part: better read now than after the seal.
        if self.exchange.is_answered() {
            return Err(Interrupted::Answered.into());
        }
        if seal.follows() {
            let tail_bytes = u32::try_from(frame.tail.len()).unwrap_or(u32::MAX);
            record(Fact::UploadSealed(tail_bytes)).map_err(End::Unsealed)?;
        }
        self.body.room(self.exchange)?;
        self.sent = Sent::Sealed;
        Ok(self.body.write_all(&frame.tail, self.exchange)?)
    }

    fn content(&self, source: &mut Source<'_>) -> Result<(), End> {
        let mut left = source.size;
        while left > 0 {
            let room = self.body.room(self.exchange)?;
            match source.feed.splice(self.body.sink(), room.min(left)) {
                Ok(0) => self.wait_for(source.feed.as_ref())?,
                Ok(moved) => left = left.saturating_sub(moved),
                Err(FeedError::Sink) => return Err(Interrupted::Broken.into()),
                Err(FeedError::Source) => {
                    return Err(End::Mismatch(ended_early(source.size - left)));
                }
            }
        }
        Ok(())
    }

    fn wait_for(&self, feed: &dyn Feed) -> Result<(), End> {
        match feed.pollable() {
            Some(more) => Ok(self.exchange.wait_beside(&more)?),
            // A value in memory that gives nothing has nothing more.
            None => Err(End::Mismatch(ended_early(0))),
        }
    }

    /// The answer that came before the body's end, or the fault that stands in its place.
    ///
    /// wasmtime 48's own `send_request` loses an answer whose connection ends with it (it reports the connection's error first);
    /// the fault then is what can still be said: the file was not taken, the call may be made again.
    fn early_answer(&self, interrupted: &Interrupted) -> Result<Answer, Fault> {
        let patience_ms = match interrupted {
            Interrupted::Answered | Interrupted::Broken => GRACE_MS,
            Interrupted::Stalled => {
                return Err(classify::unanswered(self.sent, http::stalled(self.origin)));
            }
        };
        Ok(self.exchange.answer(self.sent, patience_ms)?.read(ANSWER_BYTES_MAX))
    }

    /// The seal is refused where the connection ended or an answer came first. Neither: the journal itself failed, and the
    /// body is dropped before its last bytes.
    fn unsealed(&self, unrecorded: Fault) -> Result<(Answer, Sent), UploadError> {
        if clock::wait(&[&self.exchange.pollable()], GRACE_MS) {
            return Ok((self.early_answer(&Interrupted::Answered)?, self.sent));
        }
        if self.body.sink().check_write().is_err() {
            return Err(broken(self.origin, self.sent).into());
        }
        Err(UploadError::Unrecorded(unrecorded))
    }
}

fn broken(origin: &Origin, sent: Sent) -> Fault {
    classify::unanswered(sent, format!("the connection to {origin} broke off"))
}

fn ended_early(moved: u64) -> Fault {
    Fault::Transient(Refusal::unanswered(format!(
        "the file ended or could not be read on after {moved} bytes; the request was given up before its end, nothing was accepted"
    )))
}

/// A file that must not be sent.
pub(super) fn invalid(error: &BlobError) -> Fault {
    Fault::PermanentInvalid(format!("{error}: {}", error.hint()))
}
