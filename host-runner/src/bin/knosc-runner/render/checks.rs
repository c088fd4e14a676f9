//! What is told before anything is sent: what the checks found, and what files leave out.
//!
//! Decides nothing.

use knosc_checks::{Checked, Severity};
use serde_json::{Value, json};

use super::json::{SCHEMA, merge};
use super::{Reporter, findings, guard, print};
use crate::args::Output;
use crate::exit::Exit;
use crate::guard::Guarded;

impl Reporter {
    /// What the checks found before a plan or a run: warnings for people at once, everything for programs in what they get later.
    pub fn findings(&mut self, checked: &[Checked]) {
        let all = checked.iter().flat_map(|file| &file.findings);
        self.found = Some(all.map(findings::finding).collect());
        // Why nothing is sent is told to the quiet too.
        let from = if self.quiet { Severity::Deny } else { Severity::Warn };
        if self.output == Output::Text {
            self.view.say(&findings::text(checked, from));
        }
    }

    /// What files leave out of what was loaded before, in the order of sending; what is refused for it is the problem's to tell.
    pub fn guarded(&mut self, guarded: &[Guarded]) {
        self.compared = guarded.iter().map(guard::value).collect();
        self.compared_lines = guard::lines(guarded);
        self.first_loads = guard::first_loads(guarded);
        // A plan has its line for each file.
        if self.output == Output::Text && !self.quiet && self.verb != "plan" {
            self.view.say(&guard::text(guarded));
        }
    }

    /// Adds what the checks found, where files were looked into.
    pub(super) fn add_findings(&self, document: &mut Value) {
        if !self.compared.is_empty() {
            merge(document, &json!({ "refresh": self.compared }));
        }
        if let Some(found) = &self.found {
            merge(document, &json!({ "findings": found }));
        }
    }

    /// What `check` found.
    pub fn checked(&mut self, checked: &[Checked], exit: Exit) {
        let counts = findings::counts(checked);
        let by_word =
            |(severity, count): (Severity, u64)| (severity.word().to_owned(), json!(count));
        let by_word = Value::Object(counts.into_iter().map(by_word).collect());
        match self.output {
            Output::Text => {
                let words = counts.map(|(severity, count)| format!("{count} {}", severity.word()));
                let (findings, readings) =
                    (findings::text(checked, Severity::Note), findings::readings(checked));
                print(&format!("{readings}\n{findings}{}\n", words.join(", ")));
            }
            Output::Json => {
                let document = json!({
                    "schema": SCHEMA, "type": "check", "verb": self.verb,
                    "files": checked.iter().map(findings::file).collect::<Vec<_>>(),
                    "counts": by_word, "exit_code": exit.code(),
                });
                print(&format!("{document}\n"));
            }
            Output::Ndjson => {
                for finding in checked.iter().flat_map(|file| &file.findings) {
                    self.event("check_finding", &findings::finding(finding));
                }
                self.event(
                    "check_finished",
                    &json!({ "counts": by_word, "exit_code": exit.code() }),
                );
            }
        }
    }
}
