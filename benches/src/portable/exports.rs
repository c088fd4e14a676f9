//! A company's own web server with its exports, and how else than by the component a file gets from there to Knosc: passed on by a
//! program that does nothing else.

use std::{
    fmt::Display,
    fs::File,
    io::{self, BufRead as _, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    thread,
    time::Instant,
};

use xtask::Failure;

use crate::{sample::Sample, sink::Sink};

/// As much as one call takes at best on this machine: half of it is slower, twice as much no faster.
const PIECE_BYTES: usize = 256 * 1024;

/// A server that runs.
pub(super) struct Exports {
    address: SocketAddr,
}

impl Exports {
    pub(super) fn url(&self, name: &str) -> String {
        format!("http://{}/{name}", self.address)
    }

    /// No form, no session, no component: the bytes as they come, from one connection to the other.
    pub(super) fn relay(&self, name: &str, sink: &Sink) -> Result<Sample, Failure> {
        let began = Instant::now();
        let mut from = TcpStream::connect(self.address).map_err(failed)?;
        let to = sink.url.trim_start_matches("http://");
        let mut to = TcpStream::connect(to).map_err(failed)?;
        write!(from, "GET /{name} HTTP/1.1\r\n\r\n").map_err(failed)?;
        let mut from = BufReader::with_capacity(PIECE_BYTES, from);
        let (mut line, mut length) = (String::new(), 0_u64);
        while from.read_line(&mut line).map_err(failed)? > 2 {
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
            line.clear();
        }
        write!(
            to,
            "POST /api/job/inventory HTTP/1.1\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
        )
        .map_err(failed)?;
        while length > 0 {
            let piece = from.fill_buf().map_err(failed)?;
            if piece.is_empty() {
                return Err(failed("the file ended early"));
            }
            to.write_all(piece).map_err(failed)?;
            let count = piece.len();
            from.consume(count);
            length = length.saturating_sub(count as u64);
        }
        to.read_to_end(&mut Vec::new()).map_err(failed)?;
        Ok(Sample::timed(began.elapsed().as_secs_f64()))
    }
}

fn failed(error: impl Display) -> Failure {
    Failure::new(format!("exports over http: {error}"))
}

/// A company's own web server with its exports: files of a folder, each with its length. Ends with the process.
pub(super) fn serve(folder: PathBuf) -> Result<Exports, Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A reader that went away is its own business.
            _ = answer(stream, &folder);
        }
    });
    Ok(Exports { address })
}

fn answer(mut stream: TcpStream, folder: &Path) -> io::Result<()> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte)? == 1 {
        head.extend(byte);
    }
    let head = String::from_utf8_lossy(&head);
    let name = head.split(' ').nth(1).and_then(|path| path.rsplit('/').next()).unwrap_or_default();
    let mut file = File::open(folder.join(name))?;
    let length = file.metadata()?.len();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\ncontent-type: text/csv\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
    )?;
    // On Linux the kernel copies from the file to the socket.
    io::copy(&mut file, &mut stream).map(drop)
}
