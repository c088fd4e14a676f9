//! The files of the table: a folder that the component sees as `/in`, and a server on this machine that gives them, or does not.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    time::Duration,
};

use crate::values::rows;

/// Rows of the long file: 660 KB, more than any buffer on the way.
const LONG_ROWS: u64 = 40_000;

/// The folder; removed when this value is dropped.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Result<Self, String> {
        let path = std::env::temp_dir().join(format!("conformance-{}", std::process::id()));
        let folder = Self(path);
        folder.write().map_err(|error| format!("{}: {error}", folder.0.display()))?;
        Ok(folder)
    }

    fn write(&self) -> std::io::Result<()> {
        fs::create_dir_all(self.0.join("sub"))?;
        fs::write(self.0.join("rows.csv"), rows(LONG_ROWS))?;
        fs::write(self.0.join("units.csv"), rows(2))?;
        fs::write(self.0.join("empty.csv"), "")?;
        fs::write(self.0.join("zip.csv"), b"PK\x03\x04zip")
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A folder below the system's temporary one: whoever cleans that up finds it.
        _ = fs::remove_dir_all(&self.0);
    }
}

/// Serves on a free port until the process ends, and gives the origin.
pub(crate) fn serve() -> Result<String, String> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    std::thread::spawn(move || {
        for socket in listener.incoming().flatten() {
            // A client that is gone has what it wanted, or is the case that was meant.
            std::thread::spawn(move || _ = answer(socket));
        }
    });
    Ok(format!("http://{address}"))
}

fn answer(mut socket: TcpStream) -> std::io::Result<()> {
    socket.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut lines = BufReader::new(socket.try_clone()?).lines();
    let first = lines.next().transpose()?.unwrap_or_default();
    while lines.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
    let long = rows(LONG_ROWS);
    let length = long.len();
    let (head, body) = match first.split(' ').nth(1).unwrap_or_default() {
        "/rows.csv" => (format!("200 OK\r\nContent-Length: {length}"), long.as_str()),
        "/no-length" => ("200 OK".to_owned(), long.as_str()),
        "/cut" => (format!("200 OK\r\nContent-Length: {}", length + 1_000), long.as_str()),
        "/encoded" => {
            (format!("200 OK\r\nContent-Encoding: br\r\nContent-Length: {length}"), long.as_str())
        }
        "/moved" => ("302 Found\r\nLocation: /rows.csv\r\nContent-Length: 0".to_owned(), ""),
        "/busy" => ("503 Service Unavailable\r\nContent-Length: 0".to_owned(), ""),
        _ => ("404 Not Found\r\nContent-Length: 0".to_owned(), ""),
    };
    write!(socket, "HTTP/1.1 {head}\r\nConnection: close\r\n\r\n{body}")?;
    socket.flush()
}
