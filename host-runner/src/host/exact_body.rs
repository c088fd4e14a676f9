//! Bodies that are what they say: a request of exactly its `Content-Length`, an answer below a ceiling.
//!
//! A request body that ends early is an error here and never an end: a file that was cut must not look whole to the server.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::sync::OwnedSemaphorePermit;
use wasmtime_wasi_http::{Error, WasiBody};

use super::http::error_code;
use crate::net::InBody;

/// Why a request's body is not sent to its end.
#[derive(Debug, thiserror::Error)]
enum Inexact {
    #[error("the body ended before its Content-Length")]
    Short,
    #[error("the body went over its Content-Length")]
    Long,
    #[error("the body failed: {0}")]
    Failed(Error),
}

/// A request's body of a length that was promised.
pub(crate) struct ExactBody {
    inner: WasiBody,
    left: u64,
}

impl ExactBody {
    pub(crate) const fn new(inner: WasiBody, length: u64) -> Self {
        Self { inner, left: length }
    }

    fn take(&mut self, frame: Frame<Bytes>) -> Result<Frame<Bytes>, Inexact> {
        // Trailers are not sent: Knosc takes none, and they would follow the last byte.
        let data = frame.into_data().map_err(|_| Inexact::Long)?;
        self.left = self.left.checked_sub(data.len() as u64).ok_or(Inexact::Long)?;
        Ok(Frame::data(data))
    }
}

impl Body for ExactBody {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let next = std::task::ready!(Pin::new(&mut self.inner).poll_frame(context));
        Poll::Ready(match next {
            Some(Ok(frame)) => Some(self.take(frame).map_err(Into::into)),
            Some(Err(error)) => Some(Err(Inexact::Failed(error).into())),
            None if self.left > 0 => Some(Err(Inexact::Short.into())),
            None => None,
        })
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

/// An answer's body of at most so many bytes; the exchange counts as under way until it is dropped.
pub(crate) struct CappedBody {
    inner: InBody,
    left: u64,
    max: u64,
    _permit: OwnedSemaphorePermit,
}

impl CappedBody {
    pub(crate) const fn new(inner: InBody, max: u64, permit: OwnedSemaphorePermit) -> Self {
        Self { inner, left: max, max, _permit: permit }
    }
}

impl Body for CappedBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let next = std::task::ready!(Pin::new(&mut self.inner).poll_frame(context));
        Poll::Ready(match next {
            Some(Ok(frame)) => {
                let length = frame.data_ref().map_or(0, |data| data.len() as u64);
                match self.left.checked_sub(length) {
                    Some(left) => {
                        self.left = left;
                        Some(Ok(frame))
                    }
                    None => Some(Err(Error::HttpResponseBodySize(Some(self.max)))),
                }
            }
            Some(Err(error)) => Some(Err(error_code(&error))),
            None => None,
        })
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
