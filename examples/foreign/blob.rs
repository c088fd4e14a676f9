//! A file in an object store: read in ranges over HTTP, each of them of the very object that was opened.

use std::io;

use bytes::Bytes;
use knosc_runner::BoxFuture;
use knosc_runner::blobs::{BlobSource, BlobSourceError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// An object, as it was when it was opened.
#[derive(Debug)]
pub(crate) struct ObjectBlob {
    authority: String,
    path: String,
    name: String,
    size: u64,
    /// Names the content. A range is asked for with `If-Match`, so that the store itself refuses another object.
    etag: String,
}

impl ObjectBlob {
    /// Asks how long the object is and what it is, and for none of its bytes.
    pub(crate) async fn open(url: &str) -> Result<Self, BlobSourceError> {
        let not_found = || BlobSourceError::NotFound(url.to_owned());
        let (authority, path) = url
            .strip_prefix("http://")
            .and_then(|rest| rest.split_once('/'))
            .ok_or_else(not_found)?;
        let name = path.rsplit('/').next().unwrap_or(path).to_owned();
        let mut blob = Self {
            authority: authority.to_owned(),
            path: format!("/{path}"),
            name,
            size: 0,
            etag: String::new(),
        };
        let answer = blob.ask("HEAD", "").await.map_err(|error| blob.failed(&error))?;
        blob.size = answer.header("content-length").and_then(|size| size.parse().ok()).unwrap_or(0);
        blob.etag = answer.header("etag").ok_or_else(not_found)?.to_owned();
        Ok(blob)
    }

    async fn ask(&self, method: &str, headers: &str) -> io::Result<Answer> {
        let mut stream = TcpStream::connect(&self.authority).await?;
        let Self { authority, path, .. } = self;
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n{headers}\r\n"
        );
        stream.write_all(request.as_bytes()).await?;
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await?;
        Answer::read(bytes).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    fn failed(&self, error: &io::Error) -> BlobSourceError {
        BlobSourceError::Read { name: self.name.clone(), message: error.to_string() }
    }
}

impl BlobSource for ObjectBlob {
    fn name(&self) -> &str {
        &self.name
    }

    fn size(&self) -> u64 {
        self.size
    }

    /// Never another one: a range of a changed object is refused, and the upload ends there.
    fn version(&self) -> Result<String, BlobSourceError> {
        Ok(self.etag.clone())
    }

    fn read_at(
        &self,
        offset: u64,
        max_bytes: usize,
    ) -> BoxFuture<'_, Result<Bytes, BlobSourceError>> {
        Box::pin(async move {
            let end = self.size.min(offset.saturating_add(max_bytes as u64));
            if offset >= end {
                return Ok(Bytes::new());
            }
            let headers =
                format!("If-Match: {}\r\nRange: bytes={offset}-{}\r\n", self.etag, end - 1);
            let answer = self.ask("GET", &headers).await.map_err(|error| self.failed(&error))?;
            match answer.status {
                206 if answer.body.len() as u64 == end - offset => Ok(answer.body),
                412 => Err(BlobSourceError::Changed(self.name.clone())),
                status => Err(BlobSourceError::Read {
                    name: self.name.clone(),
                    message: format!("the store answered {status}"),
                }),
            }
        })
    }
}

struct Answer {
    status: u16,
    head: String,
    body: Bytes,
}

impl Answer {
    fn read(bytes: Vec<u8>) -> Option<Self> {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
        let head = std::str::from_utf8(bytes.get(..end)?).ok()?.to_ascii_lowercase();
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some(Self { status, head, body: Bytes::from(bytes).slice(end + 4..) })
    }

    fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines();
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}
