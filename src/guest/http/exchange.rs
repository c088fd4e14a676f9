//! One request on its way, and the wait for its answer.

use wasi::http::outgoing_handler;
use wasi::http::types::{
    Fields, FutureIncomingResponse, Method as WasiMethod, OutgoingBody, OutgoingRequest, Scheme,
};
use wasi::io::poll::Pollable;
use wasi::io::streams::OutputStream;

use super::{ANSWER_MS, GRACE_MS, Headers, Incoming, Interrupted, WRITE_STALL_MS};
use crate::fault::Fault;
use crate::guest::clock::Deadline;
use crate::guest::{clock, errors};
use crate::origin::Origin;
use crate::protocol::{Method, Sent, classify};

/// What a request's head needs.
pub(in crate::guest) struct Outgoing<'a> {
    pub(in crate::guest) origin: &'a Origin,
    pub(in crate::guest) method: Method,
    pub(in crate::guest) path: &'a str,
    pub(in crate::guest) headers: Headers,
    /// The body's exact length; none for a request without one. Never chunked: a dropped upload must not end as a
    /// well-formed shorter file.
    pub(in crate::guest) length: Option<u64>,
}

/// A request that was handed to the host.
pub(in crate::guest) struct Exchange {
    origin: String,
    future: FutureIncomingResponse,
}

/// The body of a request under way. Dropped unfinished, it aborts the request.
pub(in crate::guest) struct Body {
    // Before its parent: wasmtime traps when a body is dropped that still has its stream.
    sink: OutputStream,
    body: OutgoingBody,
}

/// Hands the head to the host. The body is written after: a host buffers only so much before it is connected.
pub(in crate::guest) fn begin(outgoing: Outgoing<'_>) -> Result<(Exchange, Option<Body>), Fault> {
    let origin = outgoing.origin.to_string();
    let length = outgoing.length;
    let request = request(outgoing)?;
    let body = match length {
        None => None,
        Some(_) => Some(Body::of(&request).ok_or_else(|| refused("its body"))?),
    };
    match outgoing_handler::handle(request, None) {
        Ok(future) => Ok((Exchange { origin, future }, body)),
        Err(code) => Err(errors::fault(&code, &origin, Sent::Nothing)),
    }
}

fn request(outgoing: Outgoing<'_>) -> Result<OutgoingRequest, Fault> {
    let mut entries: Vec<(String, Vec<u8>)> = outgoing
        .headers
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.into_bytes()))
        .collect();
    if let Some(length) = outgoing.length {
        entries.push(("content-length".to_owned(), length.to_string().into_bytes()));
    }
    let headers = Fields::from_list(&entries).map_err(|_| refused("a header"))?;
    let request = OutgoingRequest::new(headers);
    let method = match outgoing.method {
        Method::Get => WasiMethod::Get,
        Method::Post => WasiMethod::Post,
    };
    let scheme = if outgoing.origin.is_https() { Scheme::Https } else { Scheme::Http };
    request.set_method(&method).map_err(|()| refused("the method"))?;
    request.set_scheme(Some(&scheme)).map_err(|()| refused("the scheme"))?;
    let authority = outgoing.origin.authority();
    request.set_authority(Some(&authority)).map_err(|()| refused("the authority"))?;
    request.set_path_with_query(Some(outgoing.path)).map_err(|()| refused("the path"))?;
    Ok(request)
}

/// A part of a request that the host calls malformed: a header value with a line break, most likely.
fn refused(part: &str) -> Fault {
    Fault::PermanentInvalid(format!("the host does not take {part} of the request as well-formed"))
}

impl Exchange {
    /// Ready when the answer's head, or an error in its place, is there.
    pub(in crate::guest) fn pollable(&self) -> Pollable {
        self.future.subscribe()
    }

    /// Whether the answer, or an error in its place, is there already.
    pub(in crate::guest) fn is_answered(&self) -> bool {
        self.pollable().ready()
    }

    /// Waits for something that lets the body go on; an answer ends the body.
    pub(in crate::guest) fn wait_beside(&self, progress: &Pollable) -> Result<(), Interrupted> {
        let answered = self.pollable();
        if !clock::wait(&[progress, &answered], WRITE_STALL_MS) {
            Err(Interrupted::Stalled)
        } else if answered.ready() {
            Err(Interrupted::Answered)
        } else {
            Ok(())
        }
    }

    /// Waits for the answer's head; `sent` is the most that can have left. The body has [`ANSWER_MS`] from now on, the head included.
    pub(in crate::guest) fn answer(&self, sent: Sent, patience_ms: u64) -> Result<Incoming, Fault> {
        let deadline = Deadline::after_ms(ANSWER_MS);
        if !clock::wait(&[&self.pollable()], patience_ms) {
            let message = if patience_ms < ANSWER_MS {
                format!("the connection to {} broke off", self.origin)
            } else {
                format!("no answer of {} within {} s", self.origin, patience_ms / 1_000)
            };
            return Err(classify::unanswered(sent, message));
        }
        match self.future.get() {
            Some(Ok(Ok(response))) => Incoming::of(response, deadline).ok_or_else(|| {
                classify::unanswered(sent, "the host gave an answer without a body")
            }),
            Some(Ok(Err(code))) => Err(errors::fault(&code, &self.origin, sent)),
            None | Some(Err(())) => {
                Err(classify::unanswered(sent, "the host gave no answer and no error"))
            }
        }
    }
}

impl Body {
    fn of(request: &OutgoingRequest) -> Option<Self> {
        let body = request.body().ok()?;
        let sink = body.write().ok()?;
        Some(Self { sink, body })
    }

    /// The stream; write to it no more than [`Self::room`] said.
    pub(in crate::guest) const fn sink(&self) -> &OutputStream {
        &self.sink
    }

    /// Waits until the host takes bytes, and says how many.
    pub(in crate::guest) fn room(&self, exchange: &Exchange) -> Result<u64, Interrupted> {
        loop {
            match self.sink.check_write() {
                Ok(0) => exchange.wait_beside(&self.sink.subscribe())?,
                Ok(room) => return Ok(room),
                Err(_) => return Err(Interrupted::Broken),
            }
        }
    }

    /// Writes all of it, as the host makes room.
    pub(in crate::guest) fn write_all(
        &self,
        bytes: &[u8],
        exchange: &Exchange,
    ) -> Result<(), Interrupted> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let room = usize::try_from(self.room(exchange)?).unwrap_or(usize::MAX);
            let (now, later) = rest.split_at(room.min(rest.len()));
            self.sink.write(now).map_err(|_| Interrupted::Broken)?;
            rest = later;
        }
        Ok(())
    }

    /// Ends the body. An error is only reported where no answer came before it.
    pub(in crate::guest) fn finish(self, exchange: &Exchange, sent: Sent) -> Result<(), Fault> {
        let Self { sink, body } = self;
        drop(sink);
        match OutgoingBody::finish(body, None) {
            Ok(()) => Ok(()),
            Err(_) if clock::wait(&[&exchange.pollable()], GRACE_MS) => Ok(()),
            Err(code) => Err(errors::fault(&code, &exchange.origin, sent)),
        }
    }
}
