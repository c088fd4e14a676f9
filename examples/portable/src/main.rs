//! `portable-example COMPONENT BASE-URL TRIGGER FILE`: uploads one file and polls it once.
//!
//! `KNOSC_USERNAME` and `KNOSC_PASSWORD` of the environment sign in.

use portable_example::importer::{Auth, Connection, Content, File};
use portable_example::instantiate;
use wasmtime_wasi::WasiCtxBuilder;

#[tokio::main(flavor = "current_thread")]
#[allow(clippy::print_stdout, reason = "an example shows what it got")]
async fn main() -> wasmtime::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [component, base_url, trigger, path] = words.as_slice() else {
        wasmtime::bail!("usage: portable-example COMPONENT BASE-URL TRIGGER FILE");
    };
    let (mut store, knosc) =
        instantiate(&std::fs::read(component)?, WasiCtxBuilder::new().inherit_env()).await?;
    let importer = knosc.knosc_bulk_import_importer();
    let connection = Connection { base_url: base_url.clone(), auth: Auth::Environment };
    let content = Content::Bytes(std::fs::read(path)?);
    let file = File { trigger: trigger.clone(), name: path.clone(), content, sha256: None };
    match importer.call_upload(&mut store, &connection, &file).await? {
        Ok(accepted) => {
            println!("accepted: {:?}", accepted.job);
            let polled = importer.call_poll(&mut store, &connection, &[accepted.job]).await?;
            println!("polled: {polled:?}");
        }
        Err(fault) => println!("fault: {fault:?}"),
    }
    Ok(())
}
