//! What `doctor` looked at, as text and as JSON.

use std::fmt::Write as _;

use knosc_bulk_import::origin::Origin;
use serde_json::{Value, json};

use super::text::{GREEN, RED, YELLOW, clean, paint};
use super::{Reporter, json as values, print, text};
use crate::args::Output;
use crate::command::doctor::{Health, Looked};
use crate::exit::Exit;

impl Reporter {
    /// Everything that was looked at.
    pub fn looked(&mut self, origin: &Origin, all: &[Looked], exit: Exit) {
        match self.output {
            Output::Text => print(&(text::header(origin, None) + &lines(all))),
            Output::Json | Output::Ndjson => {
                let document = json!({
                    "schema": values::SCHEMA, "type": "doctor", "tenant": values::tenant(origin),
                    "checks": all.iter().map(fields).collect::<Vec<_>>(), "exit_code": exit.code(),
                });
                print(&format!("{document}\n"));
            }
        }
    }
}

fn lines(all: &[Looked]) -> String {
    all.iter().fold(String::new(), |mut text, looked| {
        let word = format!("{:<4}", looked.result.word());
        let word = match looked.result {
            Health::Good => paint(&word, GREEN),
            Health::Odd => paint(&word, YELLOW),
            Health::Bad => paint(&word, RED),
            Health::Unseen => word,
        };
        let _ = writeln!(text, "{word}  {:<12}  {}", looked.what, clean(&looked.message));
        if !looked.hint.is_empty() {
            let _ = writeln!(text, "                    {}", looked.hint);
        }
        text
    })
}

fn fields(looked: &Looked) -> Value {
    json!({
        "check": looked.what, "result": looked.result.word(), "message": looked.message,
        "hint": if looked.hint.is_empty() { None } else { Some(&looked.hint) },
    })
}
