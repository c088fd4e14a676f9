//! A host in another process: one line of JSON a call on its stdin, one line of JSON an answer on its stdout.
//!
//! What it writes to stderr is for people and stays on the screen. It ends with this value.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{Answer, Call, Host};

/// Longer than this, an engine is not slow but stuck: the slowest call of the table takes seconds.
const ANSWER_MAX: Duration = Duration::from_mins(2);

/// An adapter ends what it started within this.
const END_MAX: Duration = Duration::from_secs(10);

/// A program that makes calls.
#[derive(Debug)]
pub struct Adapter {
    child: Child,
    /// None once it is told that no call follows.
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
}

impl Adapter {
    /// Starts the program.
    ///
    /// # Errors
    /// If it does not start.
    pub fn start(command: &mut Command) -> Result<Self, String> {
        let name = command.get_program().to_string_lossy().into_owned();
        let failed = |what: &dyn std::fmt::Display| format!("{name}: {what}");
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| failed(&error))?;
        let stdin = child.stdin.take().ok_or_else(|| failed(&"no stdin"))?;
        let stdout = child.stdout.take().ok_or_else(|| failed(&"no stdout"))?;
        let (send, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    break;
                }
            }
        });
        Ok(Self { child, stdin: Some(stdin), lines })
    }
}

impl Host for Adapter {
    fn call(&mut self, call: &Call<'_>) -> Result<Answer, String> {
        let line = json!({
            "interface": call.interface,
            "function": call.function,
            "arguments": call.arguments,
            "environment": call.environment,
            "folder": call.folder,
        });
        let gone = |error: &dyn std::fmt::Display| format!("the adapter is gone: {error}");
        let stdin = self.stdin.as_mut().ok_or_else(|| gone(&"it was told to end"))?;
        writeln!(stdin, "{line}").map_err(|error| gone(&error))?;
        let answer = self
            .lines
            .recv_timeout(ANSWER_MAX)
            .map_err(|_| "the adapter gave no answer; what it said is above".to_owned())?;
        let answer: Value =
            serde_json::from_str(&answer).map_err(|error| format!("{answer}: {error}"))?;
        let Value::Object(mut fields) = answer else { return Err(format!("no answer: {answer}")) };
        let mut take = |name| fields.remove(name);
        if let Some(value) = take("ok") {
            Ok(Answer::Ok(value))
        } else if let Some(value) = take("err") {
            Ok(Answer::Err(value))
        } else if let Some(why) = take("cannot") {
            Ok(Answer::Cannot(why.as_str().unwrap_or_default().to_owned()))
        } else {
            Err(take("failed").map_or_else(|| "no answer".to_owned(), |what| what.to_string()))
        }
    }
}

impl Drop for Adapter {
    fn drop(&mut self) {
        // The end of its stdin tells it to stop the servers that it started.
        self.stdin = None;
        let began = Instant::now();
        while began.elapsed() < END_MAX && matches!(self.child.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(20));
        }
        // One that ended already is what we want.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}
