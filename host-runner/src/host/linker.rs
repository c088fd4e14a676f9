//! What a component is given, and nothing else: no sockets, no folders, no console, no environment.
//!
//! A component that imports anything more is refused when it is linked, before it runs.

use wasmtime::Result;
use wasmtime::component::{HasData, Linker};
use wasmtime_wasi::cli::{WasiCli, WasiCliView};
use wasmtime_wasi::clocks::{WasiClocks, WasiClocksView};
use wasmtime_wasi::filesystem::{WasiFilesystem, WasiFilesystemView};
use wasmtime_wasi::p2::bindings::{cli, clocks, filesystem, io, random};
use wasmtime_wasi::random::WasiRandom;
use wasmtime_wasi::{ResourceTable, WasiView};
use wasmtime_wasi_http::WasiHttp;
use wasmtime_wasi_http::p2::bindings::{LinkOptions, http};

use super::{HasHosted, HostedView};
use crate::bindings::knosc::bulk_import;

/// Adds every import of world `hosted`: [`add_only_hosted_to_linker`], and of WASI what Rust's standard library asks for.
///
/// # Errors
/// If one of the names is taken.
pub fn add_to_linker<T: HostedView + WasiView + 'static>(linker: &mut Linker<T>) -> Result<()> {
    add_wasi(linker)?;
    add_only_hosted_to_linker(linker)
}

/// Adds `blobs`, `tenancy`, `journal` and `wasi:http`, for a linker that has the rest of WASI already.
///
/// That `wasi:http` reaches the tenant's origin alone, with the tenant's session: a store of this linker is for our component only.
///
/// # Errors
/// If one of the names is taken.
pub fn add_only_hosted_to_linker<T: HostedView>(linker: &mut Linker<T>) -> Result<()> {
    let options = LinkOptions::default();
    http::types::add_to_linker::<_, WasiHttp>(linker, &options.into(), |t| t.hosted().http())?;
    http::outgoing_handler::add_to_linker::<_, WasiHttp>(linker, |t| t.hosted().http())?;
    bulk_import::blobs::add_to_linker::<_, HasHosted>(linker, T::hosted)?;
    bulk_import::tenancy::add_to_linker::<_, HasHosted>(linker, T::hosted)?;
    bulk_import::journal::add_to_linker::<_, HasHosted>(linker, T::hosted)
}

struct HasTable;

impl HasData for HasTable {
    type Data<'a> = &'a mut ResourceTable;
}

/// What Rust's standard library asks for, and random numbers. Over an empty context: closed streams, no variables, no folder.
pub(crate) fn add_wasi<T: WasiView + 'static>(linker: &mut Linker<T>) -> Result<()> {
    io::error::add_to_linker::<_, HasTable>(linker, |t| t.ctx().table)?;
    io::poll::add_to_linker::<_, HasTable>(linker, |t| t.ctx().table)?;
    io::streams::add_to_linker::<_, HasTable>(linker, |t| t.ctx().table)?;
    clocks::wall_clock::add_to_linker::<_, WasiClocks>(linker, T::clocks)?;
    clocks::monotonic_clock::add_to_linker::<_, WasiClocks>(linker, T::clocks)?;
    random::random::add_to_linker::<_, WasiRandom>(linker, |t| t.ctx().ctx.random())?;
    random::insecure_seed::add_to_linker::<_, WasiRandom>(linker, |t| t.ctx().ctx.random())?;
    cli::environment::add_to_linker::<_, WasiCli>(linker, T::cli)?;
    cli::exit::add_to_linker::<_, WasiCli>(linker, T::cli)?;
    cli::stdin::add_to_linker::<_, WasiCli>(linker, T::cli)?;
    cli::stdout::add_to_linker::<_, WasiCli>(linker, T::cli)?;
    cli::stderr::add_to_linker::<_, WasiCli>(linker, T::cli)?;
    cli::terminal_input::add_to_linker::<_, WasiCli>(linker, T::cli)?;
    cli::terminal_output::add_to_linker::<_, WasiCli>(linker, T::cli)?;
    cli::terminal_stdin::add_to_linker::<_, WasiCli>(linker, T::cli)?;
    cli::terminal_stdout::add_to_linker::<_, WasiCli>(linker, T::cli)?;
    cli::terminal_stderr::add_to_linker::<_, WasiCli>(linker, T::cli)?;
    filesystem::types::add_to_linker::<_, WasiFilesystem>(linker, T::filesystem)?;
    filesystem::preopens::add_to_linker::<_, WasiFilesystem>(linker, T::filesystem)
}

/// The rest of `wasi:random`, which componentize-py and other languages ask for.
#[cfg(feature = "platform")]
pub(crate) fn add_random<T: WasiView + 'static>(linker: &mut Linker<T>) -> Result<()> {
    random::insecure::add_to_linker::<_, WasiRandom>(linker, |t| t.ctx().ctx.random())
}
