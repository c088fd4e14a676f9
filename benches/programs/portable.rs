//! One upload through the portable component in stock wasmtime, and how long the call itself took, in seconds. Arguments:
//! COMPONENT BASE-URL TRIGGER FORM WHAT, where FORM is path, bytes, base64 (WHAT is a file) or url. Signs in by the environment.
//!
//! Compiling the component is not counted: an engine does that once.
#![allow(clippy::print_stdout, reason = "what it measured is its purpose")]

use std::path::Path;
use std::time::Instant;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use portable_example::importer::{Auth, Connection, Content, File};
use portable_example::instantiate;
use wasmtime::{Result, bail};
use wasmtime_wasi::{FsPerms, WasiCtxBuilder};

/// Where the component finds the file's folder.
const FOLDER: &str = "/exports";

fn main() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(upload())
}

async fn upload() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [component, base_url, trigger, form, what] = words.as_slice() else {
        bail!("usage: COMPONENT BASE-URL TRIGGER path|url|bytes|base64 WHAT");
    };
    let path = Path::new(what);
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut grants = WasiCtxBuilder::new();
    grants.inherit_env();
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
    let (mut store, knosc) = instantiate(&std::fs::read(component)?, &mut grants).await?;
    // Copying a large list in is metered, and the default is made for small ones.
    store.set_hostcall_fuel(usize::MAX);
    let connection = Connection { base_url: base_url.clone(), auth: Auth::Environment };
    let file = File { trigger: trigger.clone(), name, content, sha256: None };
    let importer = knosc.knosc_bulk_import_importer();
    let began = Instant::now();
    let accepted = importer.call_upload(&mut store, &connection, &file).await?;
    match accepted {
        Ok(_) => println!("{:.6}", began.elapsed().as_secs_f64()),
        Err(fault) => bail!("{fault:?}"),
    }
    Ok(())
}
