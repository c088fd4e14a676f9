//! What is told before anything is sent: what the checks found, and what files leave out.
//!
//! Decides nothing.

use knosc_checks::{Checked, Severity};

use super::{Reporter, findings, guard, print, print_document};
use crate::args::Output;
use crate::document::{Body, CheckFinished, CheckedFile, Counts, Event, Finding, Refresh};
use crate::exit::Exit;
use crate::guard::Guarded;

impl Reporter {
    /// What the checks found before a plan or a run: warnings for people at once, everything for programs in what they get later.
    pub fn findings(&mut self, checked: &[Checked]) {
        let all = checked.iter().flat_map(|file| &file.findings);
        self.looked.findings = Some(all.map(Finding::from).collect());
        // Why nothing is sent is told to the quiet too.
        let from = if self.quiet { Severity::Deny } else { Severity::Warn };
        if self.output == Output::Text {
            self.view.say(&findings::text(checked, from));
        }
    }

    /// What files leave out of what was loaded before, in the order of sending; what is refused for it is the problem's to tell.
    pub fn guarded(&mut self, guarded: &[Guarded]) {
        self.looked.refresh = guarded.iter().map(Refresh::from).collect();
        self.compared_lines = guard::lines(guarded);
        self.first_loads = guard::first_loads(guarded);
        // A plan has its line for each file.
        if self.output == Output::Text && !self.quiet && self.verb != "plan" {
            self.view.say(&guard::text(guarded));
        }
    }

    /// What `check` found.
    pub fn checked(&mut self, checked: &[Checked], exit: Exit) {
        let (counts, exit_code) = (Counts::of(checked), exit.code());
        match self.output {
            Output::Text => {
                let Counts { deny, warn, note } = counts;
                let (findings, readings) =
                    (findings::text(checked, Severity::Note), findings::readings(checked));
                print(&format!("{readings}\n{findings}{deny} deny, {warn} warn, {note} note\n"));
            }
            Output::Json => {
                let files = checked.iter().map(CheckedFile::from).collect();
                print_document(Body::Check { verb: self.verb, files, counts, exit_code });
            }
            Output::Ndjson => {
                for finding in checked.iter().flat_map(|file| &file.findings) {
                    self.event(&Event::CheckFinding(finding.into()));
                }
                self.event(&Event::CheckFinished(CheckFinished { counts, exit_code }));
            }
        }
    }
}
