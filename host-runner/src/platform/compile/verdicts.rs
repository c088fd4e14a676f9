//! What children found out about a component, so that no child is asked twice: its outline, or why it cannot be compiled.
//!
//! Kept by digest and engine, on disk next to the code and in memory. What is read back is not trusted: it is a text like a child's.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use super::{CompileError, CompileLimit, CompileLimits};
use crate::engine::cache::Cache;
use crate::platform::admission::{Outline, Refused, shown};

/// Texts in memory, for a disk that takes no more.
const TEXTS_MAX: usize = 256;

/// The longest text in memory; an ordinary outline has one kilobyte.
const TEXT_BYTES_MAX: usize = 4 * 1024;

/// What depends on what else the machine does holds for so long: the time from start to end, and an end from outside.
const MOMENT: Duration = Duration::from_mins(10);

const OUTLINE: &str = "outline";
const FAILED: &str = "failed";

/// What is remembered.
#[derive(Default)]
pub(in crate::platform) struct Verdicts(Mutex<VecDeque<Note>>);

struct Note {
    name: String,
    kind: &'static str,
    at: SystemTime,
    text: String,
}

impl Verdicts {
    /// The outline of a component, or why it is not valid.
    pub(in crate::platform) fn outline(&self, cache: &Cache) -> Option<Result<Outline, Refused>> {
        self.read(cache, OUTLINE).and_then(|(_, text)| Outline::decode(&text))
    }

    /// Remembers an outline.
    pub(in crate::platform) fn keep_outline(
        &self,
        cache: &Cache,
        outline: &Result<Outline, Refused>,
    ) {
        self.keep(cache, OUTLINE, Outline::encode(outline));
    }

    /// Why a component was not validated or compiled within these limits; other limits are tried.
    pub(in crate::platform) fn failure(
        &self,
        cache: &Cache,
        limits: CompileLimits,
    ) -> Option<CompileError> {
        let (at, text) = self.read(cache, FAILED)?;
        let text = text.strip_prefix(&head(limits))?.strip_suffix('\n')?;
        let (what, more) = text.split_once(' ')?;
        let (error, is_lasting) = match what {
            "limit" => {
                let limit = CompileLimit::of_key(more)?;
                (CompileError::Limit { limit, limits }, limit != CompileLimit::Wall)
            }
            "wasm" => (CompileError::Wasm(shown(more)), true),
            "ended" => (CompileError::Ended(shown(more)), false),
            _ => return None,
        };
        let is_recent = at.elapsed().is_ok_and(|age| age < MOMENT);
        (is_lasting || is_recent).then_some(error)
    }

    /// Remembers a failure, if it is the component's and not the host's.
    pub(in crate::platform) fn keep_failure(
        &self,
        cache: &Cache,
        limits: CompileLimits,
        error: &CompileError,
    ) {
        let what = match error {
            CompileError::Limit { limit, .. } => format!("limit {limit}"),
            CompileError::Wasm(message) => format!("wasm {}", shown(message)),
            CompileError::Ended(message) => format!("ended {}", shown(message)),
            CompileError::Worker(_) | CompileError::Unlimited(_) | CompileError::Cache(_) => return,
        };
        self.keep(cache, FAILED, format!("{}{what}\n", head(limits)));
    }

    fn read(&self, cache: &Cache, kind: &'static str) -> Option<(SystemTime, String)> {
        let texts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of = |text: &&Note| text.name == cache.name() && text.kind == kind;
        let known = texts.iter().rev().find(of).map(|text| (text.at, text.text.clone()));
        drop(texts);
        known.or_else(|| cache.note(kind))
    }

    fn keep(&self, cache: &Cache, kind: &'static str, text: String) {
        if let Err(error) = cache.keep_note(kind, &text) {
            tracing::debug!(%error, "what was found out about a component is kept in memory alone");
        }
        if text.len() > TEXT_BYTES_MAX {
            return;
        }
        let mut texts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if texts.len() >= TEXTS_MAX {
            texts.pop_front();
        }
        let (name, at) = (cache.name().to_owned(), SystemTime::now());
        texts.push_back(Note { name, kind, at, text });
    }
}

/// The limits that a failure belongs to.
fn head(limits: CompileLimits) -> String {
    let CompileLimits { memory_bytes, cpu_seconds, code_bytes, .. } = limits;
    let (wall_ms, admission_cpu) = (limits.wall.as_millis(), limits.admission_cpu_seconds);
    let admission_memory = limits.admission_memory_bytes;
    format!(
        "failed 1 {memory_bytes} {cpu_seconds} {wall_ms} {code_bytes} {admission_memory} {admission_cpu}\n"
    )
}

impl fmt::Debug for Verdicts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verdicts").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_holds_for_its_limits_alone() {
        let folder = tempfile::tempdir().unwrap();
        let engine = wasmtime::Engine::default();
        let cache =
            || Cache::for_tenant(&folder.path().join("cache"), "acme", &engine, &[7; 32]).unwrap();
        let limits = CompileLimits::default();
        let mut more = limits;
        more.memory_bytes += 1;
        let error = CompileError::Limit { limit: CompileLimit::Memory, limits };
        let verdicts = Verdicts::default();
        assert_eq!(verdicts.failure(&cache(), limits), None);
        verdicts.keep_failure(&cache(), limits, &error);
        // Another process finds it too.
        for verdicts in [verdicts, Verdicts::default()] {
            assert_eq!(verdicts.failure(&cache(), limits), Some(error.clone()));
            assert_eq!(verdicts.failure(&cache(), more), None, "a raised limit is tried");
        }
        let verdicts = Verdicts::default();
        verdicts.keep_failure(&cache(), limits, &CompileError::Worker("no".to_owned()));
        assert_eq!(verdicts.failure(&cache(), limits), Some(error), "the host's own fault");
    }
}
