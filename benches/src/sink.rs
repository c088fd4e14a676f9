//! What takes uploads when throughput is measured: it answers as Knosc does, and drops a body in the kernel, uncopied. So the
//! clients are measured, not who listens.
//!
//! One connection after the other, on a thread of its own, which counts its computing time: so it can be told what it could take.
//! It checks nothing and stores nothing. Ends with the process.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use rustix::{
    net::{RecvFlags, recv},
    time::{ClockId, clock_gettime},
};
use xtask::Failure;

/// What one call may drop: its memory is never touched.
const DROPPED_AT_ONCE_BYTES: usize = 4 << 20;

const JOB_ID: &str = "inventory-upload-sink01";

/// A sink that runs.
#[derive(Debug)]
pub(crate) struct Sink {
    /// Where it is: `http://127.0.0.1:PORT`.
    pub(crate) url: String,
    taken: Arc<Taken>,
}

/// All bodies together.
#[derive(Debug, Default)]
struct Taken {
    bytes: AtomicU64,
    computing_ns: AtomicU64,
}

impl Sink {
    /// Bytes for a second of its computing: what it takes from a sender that is never slower than it.
    #[allow(clippy::cast_precision_loss, reason = "some GiB, and some seconds")]
    pub(crate) fn capacity(&self) -> f64 {
        let [bytes, ns] = [&self.taken.bytes, &self.taken.computing_ns]
            .map(|count| count.load(Ordering::Relaxed) as f64);
        bytes / (ns / 1_000_000_000.0)
    }
}

pub(crate) fn start() -> Result<Sink, Failure> {
    let failed = |error: io::Error| Failure::new(format!("sink: {error}"));
    let listener = TcpListener::bind("127.0.0.1:0").map_err(failed)?;
    let url = format!("http://{}", listener.local_addr().map_err(failed)?);
    let taken = Arc::new(Taken::default());
    let counted = Arc::clone(&taken);
    thread::spawn(move || {
        let mut room = vec![0; DROPPED_AT_ONCE_BYTES];
        for stream in listener.incoming().flatten() {
            // A client that went away says itself what was wrong.
            _ = serve(&stream, &mut room, &counted);
        }
    });
    Ok(Sink { url, taken })
}

/// Of this thread, since it began.
fn computing_ns() -> u64 {
    let spent = clock_gettime(ClockId::ThreadCPUTime);
    u64::try_from(spent.tv_sec * 1_000_000_000 + spent.tv_nsec).unwrap_or(0)
}

/// Answers until the client closes.
fn serve(stream: &TcpStream, room: &mut [u8], taken: &Taken) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let (mut first, mut length, mut line) = (String::new(), 0_u64, String::new());
        let mut is_last = false;
        loop {
            line.clear();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let text = line.trim().to_ascii_lowercase();
            if text == "expect: 100-continue" {
                (&mut &*stream).write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
            }
            is_last |= text == "connection: close";
            if let Some(value) = text.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
            if text.is_empty() {
                break;
            }
            if first.is_empty() {
                first = text;
            }
        }
        let before = computing_ns();
        drop_body(&mut reader, length, room)?;
        taken.bytes.fetch_add(length, Ordering::Relaxed);
        taken.computing_ns.fetch_add(computing_ns() - before, Ordering::Relaxed);
        (&mut &*stream).write_all(answer(&first).as_bytes())?;
        if is_last {
            return Ok(());
        }
    }
}

/// What came with the head is in the reader; the rest is dropped where it is.
fn drop_body(reader: &mut BufReader<&TcpStream>, length: u64, room: &mut [u8]) -> io::Result<()> {
    let buffered = length.min(reader.buffer().len() as u64);
    io::copy(&mut reader.by_ref().take(buffered), &mut io::sink())?;
    let mut left = length - buffered;
    while left > 0 {
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(room.len());
        let part = room.get_mut(..most).unwrap_or_default();
        // tcp(7): with MSG_TRUNC received bytes are discarded instead of being passed back.
        let (_, count) = recv(*reader.get_ref(), part, RecvFlags::TRUNC)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        left -= count as u64;
    }
    Ok(())
}

fn answer(first: &str) -> String {
    let (cookies, body) = if first.starts_with("post /api/authenticate") {
        let cookie = |name: &str| format!("set-cookie: {name}=sink; Path=/\r\n");
        let cookies = cookie("access_token_cookie") + &cookie("csrf_access_token");
        (cookies, r#"{"login":true}"#.to_owned())
    } else if first.starts_with("post /api/job/") {
        (String::new(), format!(r#"{{"job_id":"{JOB_ID}"}}"#))
    } else {
        let job = format!(
            r#"{{"trigger":"inventory","job_id":"{JOB_ID}","status":"completed","rows_processed":1,"errors":[]}}"#
        );
        (String::new(), format!(r#"{{"jobs":[{job}]}}"#))
    };
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n{cookies}content-length: {}\r\n\r\n{body}",
        body.len()
    )
}
