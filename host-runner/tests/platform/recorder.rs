//! A tenant's Knosc with a tap on the line, so that a test knows each secret that went over it.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// Passes bytes on, and keeps them.
pub(crate) struct Recorder {
    url: String,
    bytes: Arc<Mutex<Vec<u8>>>,
}

impl Recorder {
    /// In front of a server on this machine.
    pub(crate) fn before(server: std::net::SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let bytes = Arc::<Mutex<Vec<u8>>>::default();
        let kept = Arc::clone(&bytes);
        thread::spawn(move || {
            for client in listener.incoming() {
                let (Ok(client), Ok(server)) = (client, TcpStream::connect(server)) else { return };
                for (from, to) in [(&client, &server), (&server, &client)] {
                    let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    let kept = Arc::clone(&kept);
                    thread::spawn(move || pass(from, to, &kept));
                }
            }
        });
        Self { url, bytes }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The values of every cookie and token that went over the line.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let text = String::from_utf8_lossy(&self.bytes.lock().unwrap()).into_owned();
        let mut secrets = Vec::new();
        for line in text.lines() {
            let Some((name, value)) = line.split_once(':') else { continue };
            match name.to_ascii_lowercase().as_str() {
                "set-cookie" => secrets.extend(value.split(';').next().map(value_of)),
                "cookie" => secrets.extend(value.split(';').map(value_of)),
                "x-xsrf-token" | "x-csrf-token" => secrets.push(value.trim().to_owned()),
                _ => {}
            }
        }
        secrets.sort();
        secrets.dedup();
        secrets.retain(|secret| secret.len() >= 8);
        secrets
    }
}

fn value_of(cookie: &str) -> String {
    cookie.split_once('=').map_or("", |(_, value)| value).trim().to_owned()
}

fn pass(mut from: TcpStream, mut to: TcpStream, kept: &Mutex<Vec<u8>>) {
    let mut buffer = [0; 16 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        kept.lock().unwrap().extend_from_slice(&buffer[..read]);
        if to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}
