//! From what wasmtime says at the end of a pipeline to which limit it met.
//!
//! Names limits for people; nothing that is sent or believed depends on it.

use wasmtime::Trap;
use wasmtime::component::ResourceTableError;
use wasmtime_wasi_http::FieldMapError;

use super::PipelineEnd;
use super::state::PipelineState;
use crate::platform::limits::PipelineLimit;

/// The time of the run is over.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the time of the run is over")]
pub(super) struct WallOver;

/// Limits that wasmtime 48 reports in words alone: its error types are private. Only the limit's name comes from them, and a test
/// hits each, so that another wording is noticed.
const WORDS: [(&str, PipelineLimit); 5] = [
    ("fuel allocated for hostcalls has been exhausted", PipelineLimit::HostcallBytes),
    ("store handle limit exceeded", PipelineLimit::Handles),
    ("resource limit exceeded: instance count", PipelineLimit::Instances),
    ("resource limit exceeded: memory count", PipelineLimit::Memories),
    ("resource limit exceeded: table count", PipelineLimit::Tables),
];

/// How a pipeline ended, and the first limit that it met.
pub(super) fn end(
    answer: wasmtime::Result<Result<String, String>>,
    state: &PipelineState,
) -> (PipelineEnd, Option<PipelineLimit>) {
    let error = match answer {
        Ok(returned) => return (PipelineEnd::Returned(returned), state.limiter.met()),
        Err(error) => error,
    };
    if let Some(limit) = limit_of(&error) {
        state.limiter.meet(limit);
        return (PipelineEnd::Limit(limit), state.limiter.met());
    }
    match state.limiter.met() {
        // A component that gets no memory traps somewhere later.
        Some(limit) => (PipelineEnd::Limit(limit), Some(limit)),
        None => (PipelineEnd::Trapped { message: format!("{:#}", error.root_cause()) }, None),
    }
}

fn limit_of(error: &wasmtime::Error) -> Option<PipelineLimit> {
    if error.downcast_ref::<WallOver>().is_some() {
        return Some(PipelineLimit::Wall);
    }
    if let Some(trap) = error.downcast_ref::<Trap>() {
        return match trap {
            Trap::Interrupt => Some(PipelineLimit::Cpu),
            Trap::StackOverflow => Some(PipelineLimit::Stack),
            _ => None,
        };
    }
    if let Some(FieldMapError::TotalSizeTooBig | FieldMapError::TooManyFields) =
        error.downcast_ref::<FieldMapError>()
    {
        return Some(PipelineLimit::HeaderBytes);
    }
    if let Some(ResourceTableError::Full) = error.downcast_ref::<ResourceTableError>() {
        return Some(PipelineLimit::Resources);
    }
    let said = format!("{error:#}");
    WORDS.into_iter().find(|(words, _)| said.contains(words)).map(|(_, limit)| limit)
}
