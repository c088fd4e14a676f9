//! Where user name, password and one-time secret are kept: files, standard input, commands, variables, or a person's head.
//!
//! Reads them when they are needed, for at most [`WAIT_MAX`] each, and prints none. On standard input they come a line each, in the order of [`Part`].

use std::io::{BufRead as _, Read as _};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use crate::args::AuthArgs;
use crate::bounded;
use crate::problem::Problem;

const USERNAME: &str = "KNOSC_USERNAME";
const PASSWORD: &str = "KNOSC_PASSWORD";
const TOTP_SECRET: &str = "KNOSC_TOTP_SECRET";

/// A command may ask the user, and a pipe may have a slow writer; the run holds its triggers meanwhile.
const WAIT_MAX: Duration = Duration::from_mins(2);

/// The variables that hold secrets.
pub const VARIABLES: [&str; 3] = [USERNAME, PASSWORD, TOTP_SECRET];

/// A user name and what proves it.
#[derive(Clone)]
pub(super) struct SignIn {
    pub(super) username: String,
    pub(super) password: String,
    pub(super) one_time: Option<String>,
}

/// Where they come from. Looked up when they are needed: a command may ask the user.
pub(super) struct Sources {
    pub(super) args: AuthArgs,
    pub(super) may_ask: bool,
    /// A session was brought instead.
    pub(super) none: bool,
}

/// One of the three, and where to look for it.
struct Part<'a> {
    file: Option<&'a PathBuf>,
    stdin: bool,
    command: Option<&'a String>,
    flag: &'static str,
    variable: &'static str,
}

impl Sources {
    /// Reads all three; `None` where the user name or the password is nowhere.
    pub(super) fn read(&self) -> Result<Option<SignIn>, Problem> {
        if self.none {
            return Ok(None);
        }
        let [username, password, one_time] = self.parts();
        let username = match username.read()? {
            Some(username) => username,
            None if self.may_ask => ask_name()?,
            None => return Ok(None),
        };
        let (password, asked) = match password.read()? {
            Some(password) => (password, false),
            None if self.may_ask => (ask_secret("Password: ")?, true),
            None => return Ok(None),
        };
        let mut one_time = one_time.read()?;
        // Whoever has the password somewhere has the one-time secret there too.
        if one_time.is_none() && asked {
            one_time = Some(ask_secret("One-time code, if your user has one (else Enter): ")?);
        }
        Ok(Some(SignIn { username, password, one_time: one_time.filter(|text| !text.is_empty()) }))
    }

    fn parts(&self) -> [Part<'_>; 3] {
        let args = &self.args;
        [
            Part {
                file: args.username_file.as_ref(),
                stdin: args.username_stdin,
                command: args.username_command.as_ref(),
                flag: "--username-command",
                variable: USERNAME,
            },
            Part {
                file: args.password_file.as_ref(),
                stdin: args.password_stdin,
                command: args.password_command.as_ref(),
                flag: "--password-command",
                variable: PASSWORD,
            },
            Part {
                file: args.totp_secret_file.as_ref(),
                stdin: args.totp_secret_stdin,
                command: args.totp_secret_command.as_ref(),
                flag: "--totp-secret-command",
                variable: TOTP_SECRET,
            },
        ]
    }
}

impl Part<'_> {
    /// From where a flag says, else from the variable.
    fn read(&self) -> Result<Option<String>, Problem> {
        if let Some(path) = self.file {
            let (what, path) = (path.display().to_string(), path.clone());
            // A file may be a pipe.
            let text = within(&what, move || std::fs::read_to_string(path))?;
            return Ok(first_line(&text));
        }
        if self.stdin {
            let line = within("standard input", || {
                let mut line = String::new();
                std::io::stdin().lock().read_line(&mut line).map(|_| line)
            })?;
            return Ok(first_line(&line));
        }
        match self.command {
            Some(command) => self.run(command),
            None => Ok(std::env::var(self.variable).ok().filter(|value| !value.is_empty())),
        }
    }

    fn run(&self, command: &str) -> Result<Option<String>, Problem> {
        let (shell, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
        let mut process = std::process::Command::new(shell);
        process.arg(flag).arg(command).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = process.spawn().map_err(|error| io(self.flag, &error))?;
        let stdout = child.stdout.take();
        let read = within(self.flag, move || {
            let mut bytes = Vec::new();
            stdout.map_or(Ok(0), |mut stdout| stdout.read_to_end(&mut bytes)).map(|_| bytes)
        });
        // One that closed its output, or did not in time, has no reason to go on for long.
        let limit = if read.is_ok() { WAIT_MAX } else { Duration::ZERO };
        let ended = bounded::wait(&mut child, limit).map_err(|error| io(self.flag, &error))?;
        let bytes = read?;
        match ended {
            Some(status) if status.success() => Ok(first_line(&String::from_utf8_lossy(&bytes))),
            Some(status) => {
                let message = format!("it ended with {status}");
                Err(Problem::Io { what: self.flag.to_owned(), message })
            }
            None => Err(late(self.flag)),
        }
    }
}

/// Reads from outside, for as long as that may take.
fn within<T: Send + 'static>(
    what: &str,
    read: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, Problem> {
    let read = bounded::within(WAIT_MAX, read).ok_or_else(|| late(what))?;
    read.map_err(|error| io(what, &error))
}

fn late(what: &str) -> Problem {
    let message = format!("nothing came within {} s", WAIT_MAX.as_secs());
    Problem::Io { what: what.to_owned(), message }
}

fn io(what: &str, error: &std::io::Error) -> Problem {
    Problem::Io { what: what.to_owned(), message: error.to_string() }
}

fn first_line(text: &str) -> Option<String> {
    text.lines().next().filter(|line| !line.is_empty()).map(str::to_owned)
}

fn ask_name() -> Result<String, Problem> {
    use std::io::Write as _;
    anstream::stderr().write_all(b"User name: ").map_err(|error| io("the terminal", &error))?;
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line);
    read.map_err(|error| io("the terminal", &error))?;
    Ok(line.trim().to_owned())
}

fn ask_secret(prompt: &str) -> Result<String, Problem> {
    rpassword::prompt_password(prompt).map_err(|error| io("the terminal", &error))
}
