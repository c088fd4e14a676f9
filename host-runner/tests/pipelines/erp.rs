//! A tenant's ERP on this machine: one export, for whoever has the token.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Answers 401 without its token.
pub(crate) struct Erp {
    origin: String,
    cut: Arc<AtomicUsize>,
}

impl Erp {
    /// With this token, and this export at `/exports/units.csv`.
    pub(crate) fn start(token: &'static str, export: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let cut = Arc::<AtomicUsize>::default();
        let bytes = Arc::clone(&cut);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { return };
                let left_out = bytes.load(Ordering::SeqCst);
                thread::spawn(move || answer(stream, token, export, left_out));
            }
        });
        Self { origin, cut }
    }

    /// Leaves out so many bytes at the end, though it said how many there are.
    pub(crate) fn cut(self, bytes: usize) -> Self {
        self.cut.store(bytes, Ordering::SeqCst);
        self
    }

    pub(crate) fn origin(&self) -> String {
        self.origin.clone()
    }
}

/// Whoever went away ends it.
fn answer(mut stream: TcpStream, token: &str, export: &str, left_out: usize) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let Some(Ok(request)) = lines.next() else { return };
    let head: Vec<String> =
        lines.map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
    let header = format!("authorization: {token}");
    let (status, body) = match request.as_str() {
        _ if !head.contains(&header) => ("401 Unauthorized", ""),
        "GET /exports/units.csv HTTP/1.1" => ("200 OK", export),
        _ => ("404 Not Found", ""),
    };
    let length = body.len();
    let sent = &body[..length - left_out.min(length)];
    let head =
        format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
    let _ = stream.write_all(format!("{head}{sent}").as_bytes());
}
