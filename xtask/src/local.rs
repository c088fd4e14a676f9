//! local-knosc as a child process, and the few requests that a command or a test makes of it. Loopback only; the child
//! never outlives its owner.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use crate::Failure;

/// Longer than this, a server on this machine is not busy but stuck.
const ANSWER_MAX: Duration = Duration::from_secs(30);

/// local-knosc's own user, of no use anywhere else.
pub const USER: &str = "demo@acme.test";

/// The user's password.
pub const PASSWORD: &str = "local-demo-password";

/// The variables with which a client of ours signs in there: the environment is where a real user belongs too.
pub const CREDENTIALS: [(&str, &str); 2] = [("KNOSC_USERNAME", USER), ("KNOSC_PASSWORD", PASSWORD)];

/// A running local-knosc; ends when this value is dropped.
#[derive(Debug)]
pub struct LocalKnosc {
    child: Child,
    url: String,
}

impl LocalKnosc {
    /// Starts the program on a free port and waits for its address. `more` are further arguments of `serve`.
    ///
    /// # Errors
    /// If it does not start or prints no address.
    pub fn start(program: &Path, more: &[&str]) -> Result<Self, Failure> {
        let mut child = Command::new(program)
            .args(["serve", "--port", "0", "--print-url"])
            .args(more)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| Failure::file(program, &error))?;
        let stdout = child.stdout.take();
        let mut server = Self { child, url: String::new() };
        if let Some(stdout) = stdout {
            let read = BufReader::new(stdout).read_line(&mut server.url);
            read.map_err(|error| Failure::file(program, &error))?;
        }
        server.url.truncate(server.url.trim_end().len());
        if server.address().is_some() {
            Ok(server)
        } else {
            Err(Failure::new("local-knosc printed no address"))
        }
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Gets a path, such as `/_local/uploads`, and gives the body.
    ///
    /// # Errors
    /// If the answer is not 200.
    pub fn get(&self, path: &str) -> Result<String, Failure> {
        self.request("GET", path, "")
    }

    /// Turns knobs, as `POST /_local/knobs` describes them.
    ///
    /// # Errors
    /// If a knob is unknown.
    pub fn turn(&self, knobs: &str) -> Result<(), Failure> {
        self.request("POST", "/_local/knobs", knobs).map(drop)
    }

    fn address(&self) -> Option<&str> {
        self.url.strip_prefix("http://").filter(|address| address.starts_with("127.0.0.1:"))
    }

    fn request(&self, method: &str, path: &str, body: &str) -> Result<String, Failure> {
        let failed = |error: std::io::Error| Failure::new(format!("{method} {path}: {error}"));
        let address = self.address().unwrap_or_default();
        let mut socket = TcpStream::connect(address).map_err(failed)?;
        socket.set_read_timeout(Some(ANSWER_MAX)).map_err(failed)?;
        let length = body.len();
        write!(socket, "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}")
            .map_err(failed)?;
        let mut answer = String::new();
        socket.read_to_string(&mut answer).map_err(failed)?;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        if head.starts_with("HTTP/1.1 200") {
            Ok(body.to_owned())
        } else {
            let status = head.lines().next().unwrap_or_default();
            Err(Failure::new(format!("{method} {path}: {status}: {body}")))
        }
    }
}

impl Drop for LocalKnosc {
    fn drop(&mut self) {
        // Nothing is lost: it stores nothing. A child that is gone already is what we want.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}
