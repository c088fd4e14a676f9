//! From what wasmtime says at the end of a pipeline to which limit it met.
//!
//! Names limits for people; nothing that is sent or believed depends on it.

use wasmtime::component::ResourceTableError;
use wasmtime::{FrameInfo, Trap, WasmBacktrace};
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

/// Of the functions that a trap was in: what a library does when it panics takes some six of them.
const FRAMES_MAX: usize = 12;

/// Of a function's name, which is the tenant's own text.
const NAME_CHARS_MAX: usize = 60;

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
        None => (PipelineEnd::Trapped { message: trapped(&error) }, None),
    }
}

/// What wasmtime says, and in which of the component's functions it was, the innermost first: its author knows them.
fn trapped(error: &wasmtime::Error) -> String {
    let frames = error.downcast_ref::<WasmBacktrace>().map_or(&[][..], WasmBacktrace::frames);
    let names = frames.iter().filter_map(FrameInfo::func_name).take(FRAMES_MAX);
    let plain =
        |name: &str| name.chars().filter(|c| !c.is_control()).take(NAME_CHARS_MAX).collect();
    let names: Vec<String> = names.map(plain).collect();
    match names.join(" < ") {
        names if names.is_empty() => format!("{:#}", error.root_cause()),
        names => format!("{:#}, in {names}", error.root_cause()),
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
