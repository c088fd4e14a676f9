//! A session for the rivals that are handed one: signs in as the guide does, over a socket of its own. Sends nothing else.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
};

use xtask::{Failure, local::LocalKnosc};

/// The cookies that an upload carries.
#[derive(Debug)]
pub(crate) struct Session {
    cookies: Vec<(String, String)>,
    pub(crate) csrf: String,
}

impl Session {
    /// Of the `Cookie` header.
    pub(crate) fn cookies(&self) -> String {
        let pairs = self.cookies.iter().map(|(name, value)| format!("{name}={value}"));
        pairs.collect::<Vec<_>>().join("; ")
    }

    /// As curl keeps them (Netscape's format): host, subdomains, path, TLS alone, end, name, value.
    pub(crate) fn cookie_file(&self) -> String {
        let lines = self
            .cookies
            .iter()
            .map(|(name, value)| format!("127.0.0.1\tFALSE\t/\tFALSE\t0\t{name}\t{value}\n"));
        lines.collect()
    }
}

pub(crate) fn sign_in(
    server: &LocalKnosc,
    username: &str,
    password: &str,
) -> Result<Session, Failure> {
    let failed = |error: std::io::Error| Failure::new(format!("sign-in of the rivals: {error}"));
    let address = server.url().trim_start_matches("http://");
    let body = serde_json::json!({"username": username, "password": password}).to_string();
    let mut stream = TcpStream::connect(address).map_err(failed)?;
    write!(
        stream,
        "POST /api/authenticate HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
    .map_err(failed)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).map_err(failed)?;
    let (head, _) = answer.split_once("\r\n\r\n").unwrap_or_default();
    // As a browser: a cookie whose path is another one stays at home, such as the one that renews a session.
    let cookies: Vec<(String, String)> = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"))
        .filter(|(_, cookie)| is_for_uploads(cookie))
        .filter_map(|(_, cookie)| cookie.split(';').next()?.trim().split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let csrf = cookies.iter().find(|(name, _)| name == "csrf_access_token");
    let csrf = csrf.map(|(_, value)| value.clone());
    let csrf = csrf.ok_or_else(|| Failure::new("the rivals' sign-in gave no CSRF cookie"))?;
    Ok(Session { cookies, csrf })
}

fn is_for_uploads(cookie: &str) -> bool {
    let path = cookie.split(';').filter_map(|part| part.trim().split_once('='));
    let mut path = path.filter(|(name, _)| name.eq_ignore_ascii_case("path"));
    path.next().is_none_or(|(_, path)| "/api/job/inventory".starts_with(path))
}
