//! The tenants' own origin, and one that nobody was granted: loopback servers that count who comes.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// A server that answers by path: `/well` and what begins so at once, `/well/moved` by pointing elsewhere, `/mute` never, `/long` without end.
pub(crate) struct Peer {
    authority: String,
    accepted: Arc<AtomicUsize>,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Peer {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let authority = listener.local_addr().unwrap().to_string();
        let (accepted, heads) = (Arc::<AtomicUsize>::default(), Arc::<Mutex<Vec<_>>>::default());
        let peer = Self { authority, accepted: Arc::clone(&accepted), heads: Arc::clone(&heads) };
        thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { return };
                accepted.fetch_add(1, Ordering::SeqCst);
                let heads = Arc::clone(&heads);
                thread::spawn(move || serve(stream, &heads));
            }
        });
        peer
    }

    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    /// Connections that came.
    pub(crate) fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }

    /// Heads of requests that came.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

/// Whoever went away ends it.
fn serve(mut stream: TcpStream, heads: &Mutex<Vec<String>>) {
    loop {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            match stream.read(&mut byte) {
                Ok(1) => head.push(byte[0]),
                _ => return,
            }
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
        heads.lock().unwrap().push(head);
        match path.as_str() {
            "/well/moved" => {
                let moved =
                    b"HTTP/1.1 302 Found\r\nlocation: /well/followed\r\ncontent-length: 0\r\n\r\n";
                if stream.write_all(moved).is_err() {
                    return;
                }
            }
            path if path.starts_with("/well") => {
                if stream
                    .write_all(
                        b"HTTP/1.1 200 OK\r\nset-cookie: peer=1\r\ncontent-length: 2\r\n\r\nok",
                    )
                    .is_err()
                {
                    return;
                }
            }
            "/long" => {
                let piece = [b'x'; 16 * 1024];
                let head = b"HTTP/1.1 200 OK\r\ncontent-length: 1099511627776\r\n\r\n";
                let mut sent = stream.write_all(head);
                while sent.is_ok() {
                    sent = stream.write_all(&piece);
                }
                return;
            }
            _ => {
                // Until the other side is gone.
                while matches!(stream.read(&mut byte), Ok(1)) {}
                return;
            }
        }
    }
}
