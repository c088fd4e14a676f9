//! What a component is given, and nothing else: no sockets, no folders, no console, no environment.
//!
//! A component that imports anything more is refused here, before it runs.

use wasmtime::component::{Component, HasData, HasSelf, Linker};
use wasmtime::{Engine, Result};
use wasmtime_wasi::cli::{WasiCli, WasiCliView};
use wasmtime_wasi::clocks::{WasiClocks, WasiClocksView};
use wasmtime_wasi::filesystem::{WasiFilesystem, WasiFilesystemView};
use wasmtime_wasi::p2::bindings::{cli, clocks, filesystem, io, random};
use wasmtime_wasi::random::WasiRandom;
use wasmtime_wasi::{ResourceTable, WasiView};

use crate::bindings::{HostedPre, knosc::bulk_import};
use crate::host::HostState;

/// Links a component against the imports of world `hosted`.
pub(super) fn link(engine: &Engine, component: &Component) -> Result<HostedPre<HostState>> {
    let mut linker = Linker::new(engine);
    add_wasi(&mut linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    bulk_import::blobs::add_to_linker::<_, HasSelf<HostState>>(&mut linker, |state| state)?;
    bulk_import::tenancy::add_to_linker::<_, HasSelf<HostState>>(&mut linker, |state| state)?;
    bulk_import::journal::add_to_linker::<_, HasSelf<HostState>>(&mut linker, |state| state)?;
    HostedPre::new(linker.instantiate_pre(component)?)
}

struct HasTable;

impl HasData for HasTable {
    type Data<'a> = &'a mut ResourceTable;
}

/// What Rust's standard library asks for, over a context that is empty: closed streams, no variables, no folder.
fn add_wasi(linker: &mut Linker<HostState>) -> Result<()> {
    io::error::add_to_linker::<_, HasTable>(linker, |state| state.ctx().table)?;
    io::poll::add_to_linker::<_, HasTable>(linker, |state| state.ctx().table)?;
    io::streams::add_to_linker::<_, HasTable>(linker, |state| state.ctx().table)?;
    clocks::wall_clock::add_to_linker::<_, WasiClocks>(linker, WasiClocksView::clocks)?;
    clocks::monotonic_clock::add_to_linker::<_, WasiClocks>(linker, WasiClocksView::clocks)?;
    random::insecure_seed::add_to_linker::<_, WasiRandom>(linker, |state| {
        state.ctx().ctx.random()
    })?;
    cli::environment::add_to_linker::<_, WasiCli>(linker, WasiCliView::cli)?;
    cli::exit::add_to_linker::<_, WasiCli>(linker, WasiCliView::cli)?;
    cli::stdin::add_to_linker::<_, WasiCli>(linker, WasiCliView::cli)?;
    cli::stdout::add_to_linker::<_, WasiCli>(linker, WasiCliView::cli)?;
    cli::stderr::add_to_linker::<_, WasiCli>(linker, WasiCliView::cli)?;
    cli::terminal_input::add_to_linker::<_, WasiCli>(linker, WasiCliView::cli)?;
    cli::terminal_output::add_to_linker::<_, WasiCli>(linker, WasiCliView::cli)?;
    cli::terminal_stdin::add_to_linker::<_, WasiCli>(linker, WasiCliView::cli)?;
    cli::terminal_stdout::add_to_linker::<_, WasiCli>(linker, WasiCliView::cli)?;
    cli::terminal_stderr::add_to_linker::<_, WasiCli>(linker, WasiCliView::cli)?;
    filesystem::types::add_to_linker::<_, WasiFilesystem>(linker, WasiFilesystemView::filesystem)?;
    filesystem::preopens::add_to_linker::<_, WasiFilesystem>(linker, WasiFilesystemView::filesystem)
}
