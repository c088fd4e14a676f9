//! One upload through the portable component in stock wasmtime, and what the call itself cost, as JSON: seconds, the guest's memory, and
//! the process's above what it had before the call. Arguments: COMPONENT BASE-URL TRIGGER FORM WHAT, where FORM is path, bytes, base64
//! (WHAT is a file) or url. Signs in by the environment.
//!
//! Compiling the component is not counted: an engine does that once. The runtime has one thread, as the example for embedders: handing
//! each piece from a connection's thread to the component's and on to another's costs more than a second core gives.
#![allow(clippy::print_stdout, reason = "what it measured is its purpose")]

use std::path::Path;
use std::time::Instant;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use benches::status_kib;
use portable_example::importer::{Auth, Connection, Content, File};
use portable_example::{State, instantiate_in};
use serde_json::json;
use wasmtime::{Engine, ResourceLimiter, Result, Store, bail};
use wasmtime_wasi::{FsPerms, WasiCtxBuilder, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtxView, WasiHttpView};

/// Where the component finds the file's folder.
const FOLDER: &str = "/exports";

fn main() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    // A task, not the future that is blocked on: waking that takes a turn of the reactor, each piece.
    runtime.block_on(async { tokio::spawn(upload()).await? })
}

async fn upload() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [component, base_url, trigger, form, what] = words.as_slice() else {
        bail!("usage: COMPONENT BASE-URL TRIGGER path|url|bytes|base64 WHAT");
    };
    let path = Path::new(what);
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut grants = WasiCtxBuilder::new();
    grants.inherit_env().allow_blocking_current_thread(true);
    let content = match form.as_str() {
        "path" => {
            let folder = path.parent().unwrap_or(Path::new("."));
            grants.preopened_dir(folder, FOLDER, FsPerms::ReadOnly)?;
            Content::Path(format!("{FOLDER}/{name}"))
        }
        "url" => Content::Url(what.clone()),
        "bytes" => Content::Bytes(std::fs::read(path)?),
        "base64" => Content::Base64(BASE64_STANDARD.encode(std::fs::read(path)?)),
        _ => bail!("{form} is no form of content"),
    };
    let data = Measured { state: State::new(&mut grants), most: 0 };
    let mut store = Store::new(&Engine::default(), data);
    store.limiter(|data| data);
    let knosc = instantiate_in(&mut store, &std::fs::read(component)?).await?;
    // Copying a large list in is metered, and the default is made for small ones.
    store.set_hostcall_fuel(usize::MAX);
    let connection = Connection { base_url: base_url.clone(), auth: Auth::Environment };
    let file = File { trigger: trigger.clone(), name, content, sha256: None };
    let importer = knosc.knosc_bulk_import_importer();
    // The peak that compiling left is not the call's.
    _ = std::fs::write("/proc/self/clear_refs", "5");
    let before_kib = status_kib("self", "VmRSS");
    let began = Instant::now();
    let accepted = importer.call_upload(&mut store, &connection, &file).await?;
    let wall_s = began.elapsed().as_secs_f64();
    if let Err(fault) = accepted {
        bail!("{fault:?}");
    }
    let above_kib = status_kib("self", "VmHWM")
        .zip(before_kib)
        .map(|(most, before)| most.saturating_sub(before));
    let guest_bytes = store.data().most;
    println!("{}", json!({"wall_s": wall_s, "guest_bytes": guest_bytes, "above_kib": above_kib}));
    Ok(())
}

/// The example's state, and the most memory that its component had.
struct Measured {
    state: State,
    most: usize,
}

impl WasiView for Measured {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        self.state.ctx()
    }
}

impl WasiHttpView for Measured {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        self.state.http()
    }
}

impl ResourceLimiter for Measured {
    fn memory_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> Result<bool> {
        self.most = self.most.max(desired);
        Ok(true)
    }

    fn table_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> Result<bool> {
        Ok(true)
    }
}
