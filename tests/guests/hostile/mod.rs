//! Hostile pipelines: what a tenant might upload who wants the host's memory, time, files or secrets, or its neighbour's.
//!
//! Each is a few lines of core wasm in the component of `template`, and says how it has to end.

mod computing;
mod copies;
mod files;
mod requests;
mod template;
mod waiting;

use knosc_runner::platform::limits::PipelineLimit;

pub(crate) use self::template::text;

/// What `run` leaves to say that all is well: the record at 16 is `ok("")`.
pub(crate) const OK: &str = "(i32.const 16)";

/// How a hostile pipeline ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Ends {
    /// Stopped at this limit.
    Limit(PipelineLimit),
    /// Stopped at one of two, whichever it meets first.
    Either(PipelineLimit, PipelineLimit),
    /// Goes on after it met this limit, and returns.
    Met(PipelineLimit),
    /// Traps.
    Trap,
    /// Is told no, and returns.
    Fine,
}

/// One of them.
pub(crate) struct Guest {
    /// Its name.
    pub(crate) name: &'static str,
    /// Fields of its component, for what no module can do alone.
    pub(crate) parts: String,
    /// Fields of its module.
    pub(crate) fields: &'static str,
    /// What `run` does.
    pub(crate) body: String,
    /// How it ends.
    pub(crate) ends: Ends,
}

/// All of them.
pub(crate) fn all() -> Vec<Guest> {
    let plain = computing::GUESTS
        .into_iter()
        .chain(files::GUESTS)
        .chain(requests::GUESTS)
        .chain(waiting::GUESTS);
    let plain = plain.map(|(name, fields, body, ends)| {
        // What is written in capitals is what several of them do.
        let body = body
            .replace("CREATE", files::CREATE)
            .replace("FILE", files::FILE)
            .replace("ASK", requests::ASK)
            .replace("OK", OK);
        Guest { name, parts: String::new(), fields, body, ends }
    });
    plain.chain(copies::guests()).collect()
}

impl Guest {
    /// Its binary, with the authority that its tenant was granted and one that it was not.
    pub(crate) fn component(&self, granted: &str, denied: &str) -> Vec<u8> {
        let text = text(&self.parts, self.fields, &self.body, granted, denied);
        wat::parse_str(&text).unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }
}
