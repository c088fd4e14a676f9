//! What `doctor` looked at, as text and as JSON.

use std::fmt::Write as _;

use knosc_bulk_import::origin::Origin;

use super::text::{GREEN, RED, YELLOW, clean, paint};
use super::{Reporter, print, print_document, text};
use crate::args::Output;
use crate::command::doctor::{Health, Looked};
use crate::document::{Body, Certificate, Doctor, LookedAt};
use crate::exit::Exit;

impl Reporter {
    /// Everything that was looked at.
    pub fn looked(&mut self, origin: &Origin, all: &[Looked], exit: Exit) {
        match self.output {
            Output::Text => print(&(text::header(origin, None) + &lines(all))),
            Output::Json | Output::Ndjson => {
                let checks = all.iter().map(check).collect();
                let tenant = origin.into();
                print_document(Body::Doctor(Doctor { tenant, checks, exit_code: exit.code() }));
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
        for shown in &looked.chain {
            let _ = writeln!(text, "                    {}", clean(&shown.text()));
        }
        if !looked.hint.is_empty() {
            let _ = writeln!(text, "                    {}", looked.hint);
        }
        text
    })
}

fn check(looked: &Looked) -> LookedAt {
    LookedAt {
        check: looked.what,
        result: looked.result.word(),
        message: looked.message.clone(),
        hint: Some(looked.hint.clone()).filter(|hint| !hint.is_empty()),
        chain: looked.chain.iter().map(Certificate::from).collect(),
    }
}
