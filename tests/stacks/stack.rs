//! Servers in front of each other, a folder for what they write down, and the binary as their client. Loopback only; what it
//! started is gone when it is dropped.

use std::fmt;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;
use xtask::{machine::Tool, place};

use super::process::Process;

/// Ports that are tried: one that was free a moment ago may be taken by another process.
const PORTS: usize = 5;

/// Longer than any server needs to start on a busy machine.
const START_MAX: Duration = Duration::from_mins(1);

pub(crate) struct Stack {
    /// Ended before the folder goes.
    _processes: Vec<Process>,
    folder: TempDir,
    url: String,
}

/// What the binary printed and how it ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) exit: i32,
    text: String,
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ended with {}:\n{}", self.exit, self.text)
    }
}

/// A file as the server read it out of the upload.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) name: String,
    /// Of files and fields together.
    pub(crate) parts: u64,
}

impl Stack {
    /// The Flask application behind a proxy.
    pub(crate) fn start(config: &str, plan: &str) -> Self {
        let folder = folder();
        let path = sources().join(config);
        let text = fs::read_to_string(&path).unwrap();
        let count = if text.contains("http://two") { 2 } else { 1 };
        let apps = (1..=count).map(|number| gunicorn(folder.path(), number, plan));
        let mut processes: Vec<Process> = apps.collect();
        // A proxy that meets no server remembers it.
        for number in 1..=count {
            let begun = Instant::now();
            while UnixStream::connect(socket(folder.path(), number)).is_err() {
                assert!(begun.elapsed() < START_MAX, "gunicorn:\n{}", logs(folder.path()));
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        let name = folder.path().file_name().unwrap().to_string_lossy().into_owned();
        for _ in 0..PORTS {
            let port = free_port();
            let mut proxy = proxy(folder.path(), &path, port);
            let begun = Instant::now();
            // The folder's name in the answer: on this port is this stack and no other.
            while !proxy.is_over() && begun.elapsed() < START_MAX {
                if ask(port, "/api/stack").contains(&name) {
                    processes.push(proxy);
                    let url = format!("http://127.0.0.1:{port}");
                    return Self { _processes: processes, folder, url };
                }
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        unreachable!("{config} did not start:\n{}", logs(folder.path()));
    }

    /// The Express application, with nothing in front of it.
    pub(crate) fn multer() -> Self {
        let folder = folder();
        let mut node = Command::new("node");
        node.arg(sources().join("multer.js")).env("STACK_FOLDER", folder.path());
        node.env("NODE_PATH", place::target().unwrap().join("tools/stacks/node_modules"));
        node.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log(folder.path(), "node.log"));
        let mut process = Process::start(&mut node);
        let mut line = String::new();
        BufReader::new(process.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port: u16 = line.trim().parse().unwrap_or_else(|_| {
            unreachable!("{line}: multer.js did not start:\n{}", logs(folder.path()))
        });
        Self { _processes: vec![process], folder, url: format!("http://127.0.0.1:{port}") }
    }

    /// Writes a file to be loaded, of about this size.
    pub(crate) fn export(&self, bytes: usize) {
        let mut text = "_UnitCode,_UnitName,_UnitType,_Multiplier\n".to_owned();
        for number in 0.. {
            if text.len() >= bytes {
                break;
            }
            text += &format!("U{number},Unit {number},Count,1\n");
        }
        self.file("exports/unit-master.csv", text.as_bytes());
    }

    /// Writes a file and gives its path.
    pub(crate) fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    /// Loads the exports.
    pub(crate) fn run(&self) -> Ended {
        self.runner(&["run", "exports", "--settle=0s"])
    }

    /// The binary, with a state folder that belongs to this stack.
    pub(crate) fn runner(&self, words: &[&str]) -> Ended {
        let binary = Path::new(env!("CARGO_BIN_EXE_knosc-runner"));
        let mut command = Command::new(binary);
        command.args(words).current_dir(self.folder.path()).stdin(Stdio::null());
        command.env_clear().env("HOME", self.folder.path());
        // Compiled code may be shared: it is no state of a run.
        command
            .env("XDG_CACHE_HOME", binary.parent().unwrap().join("knosc-runner-test-cache"))
            .env("KNOSC_BASE_URL", &self.url)
            .env("KNOSC_POLL_INTERVAL", "10ms")
            .env("KNOSC_USERNAME", "demo@acme.test")
            .env("KNOSC_PASSWORD", "a-password");
        let output = command.output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        Ended {
            exit: output.status.code().unwrap(),
            text: String::from_utf8_lossy(&text).into_owned(),
        }
    }

    /// Uploads that came to the server, accepted or not.
    pub(crate) fn posts(&self) -> usize {
        self.written("posts").lines().count()
    }

    /// Uploads that the server accepted.
    pub(crate) fn accepted(&self) -> Vec<Part> {
        let text = self.written("accepted");
        let part = |line| {
            let part: Value = serde_json::from_str(line).unwrap();
            let name = part["name"].as_str().unwrap().to_owned();
            Part { name, parts: part["parts"].as_u64().unwrap() }
        };
        text.lines().map(part).collect()
    }

    /// The bytes of the last file that was accepted.
    pub(crate) fn content(&self) -> Vec<u8> {
        fs::read(self.folder.path().join("content")).unwrap()
    }

    /// What the servers said.
    pub(crate) fn logs(&self) -> String {
        logs(self.folder.path())
    }

    /// Nothing was written as long as the file is missing.
    fn written(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(name)).unwrap_or_default()
    }
}

/// Whether every tool is there; one that is missing is named.
pub(crate) fn tools_are_there<'a>(names: impl Iterator<Item = &'a str>, test: &str) -> bool {
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter().all(|name| Tool::is_there_for(name, test).unwrap())
}

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/stacks").canonicalize().unwrap()
}

/// With a short name: a socket's path has at most 107 bytes.
fn folder() -> TempDir {
    tempfile::Builder::new().prefix("knosc-stack-").tempdir().unwrap()
}

fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

fn socket(folder: &Path, number: usize) -> PathBuf {
    folder.join(format!("app-{number}.sock"))
}

/// The application as its servers are run in production: one worker that handles one request at a time.
fn gunicorn(folder: &Path, number: usize, plan: &str) -> Process {
    let python = place::target().unwrap().join("tools/stacks/python/bin/python");
    let mut command = Command::new(python);
    command.args(["-m", "gunicorn", "knosc:app", "--workers", "1", "--timeout", "60"]);
    command.args(["--no-control-socket", "--log-level", "warning"]);
    command.arg("--chdir").arg(sources()).arg("--worker-tmp-dir").arg(folder);
    command.arg("--bind").arg(format!("unix:{}", socket(folder, number).display()));
    command.env("STACK_FOLDER", folder).env("STACK_PLAN", plan);
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    output_to(&mut command, folder, &format!("app-{number}.log"));
    Process::start(&mut command)
}

/// The proxy that the configuration is for, by its folder.
fn proxy(folder: &Path, config: &Path, port: u16) -> Process {
    let is_nginx = config.parent().unwrap().ends_with("nginx");
    let template = if is_nginx { sources().join("nginx/nginx.conf") } else { config.to_owned() };
    let text = fs::read_to_string(template).unwrap();
    let text = text.replace("$FOLDER", &folder.display().to_string());
    let text = text.replace("$CONFIGURATION", &config.display().to_string());
    let path = folder.join("proxy.conf");
    fs::write(&path, text.replace("$PORT", &port.to_string())).unwrap();
    let mut command = if is_nginx {
        let mut nginx = Command::new("nginx");
        nginx.arg("-p").arg(folder).arg("-e").arg(folder.join("nginx.log")).arg("-c").arg(path);
        nginx
    } else {
        let mut haproxy = Command::new("haproxy");
        haproxy.arg("-db").arg("-f").arg(path);
        haproxy
    };
    output_to(&mut command, folder, "proxy.log");
    Process::start(&mut command)
}

fn output_to(command: &mut Command, folder: &Path, name: &str) {
    let file = log(folder, name);
    command.stdin(Stdio::null()).stdout(file.try_clone().unwrap()).stderr(file);
}

fn log(folder: &Path, name: &str) -> File {
    File::options().create(true).append(true).open(folder.join(name)).unwrap()
}

/// Every log below the folder, each under its name.
fn logs(folder: &Path) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "log") {
            let log = fs::read_to_string(&path).unwrap_or_default();
            text += &format!("--- {}\n{log}\n", path.file_name().unwrap().to_string_lossy());
        }
    }
    text
}

/// An answer, or as much as came of it.
fn ask(port: u16, path: &str) -> String {
    let Ok(mut stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) else {
        return String::new();
    };
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let mut answer = Vec::new();
    // A server that is about to start may close the connection.
    _ = write!(stream, "GET {path} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n");
    _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}
