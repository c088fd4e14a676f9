//! Stock wasmtime and its own HTTP client: what a guest leaves behind that is dropped in the middle of a request. F32.
//!
//! `DROPS=1000` drops so many guests of each kind; `cargo xtask drops` does.

use std::process::Stdio;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use integration_tests::sink::Sink;
use wasmtime::component::{Component, Linker, ResourceTable};
use wasmtime::{Config, Engine, Store};
use wasmtime_wasi::p2::bindings::{Command, CommandPre};
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use crate::chance::Chance;
use crate::setup::{LONG, drops};

/// Far more than is sent before the guest is dropped.
const LENGTH: &str = "536870912";

/// Guests of each kind in an ordinary run of the tests.
const DROPS: u64 = 100;

/// Enough to see one, if one in a hundred is enough.
const TRIES_MAX: u64 = 2_000;

struct State {
    wasi: WasiCtx,
    http: WasiHttpCtx,
    table: ResourceTable,
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { ctx: &mut self.http, table: &mut self.table, hooks: Default::default() }
    }
}

/// The guest `posts`, built as any component is; cargo does nothing where it is fresh.
fn posts() -> &'static CommandPre<State> {
    static POSTS: OnceLock<CommandPre<State>> = OnceLock::new();
    POSTS.get_or_init(|| {
        let target = xtask::place::target().unwrap().join("guest").join("tests");
        let built = xtask::components::cargo()
            .current_dir(xtask::place::root().unwrap())
            .args(["build", "--quiet", "--profile", "guest", "-p", "test-guests"])
            .args(["--target", xtask::components::TARGET, "--target-dir"])
            .arg(&target)
            .stdin(Stdio::null())
            .status();
        assert!(built.unwrap().success(), "the guest does not build");
        let wasm = target.join(xtask::components::TARGET).join("guest").join("posts.wasm");
        let engine = Engine::new(&Config::new()).unwrap();
        let component = Component::from_file(&engine, wasm).unwrap();
        let mut linker = Linker::new(&engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker).unwrap();
        wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker).unwrap();
        CommandPre::new(linker.instantiate_pre(&component).unwrap()).unwrap()
    })
}

async fn run(authority: String, length: &'static str) {
    let posts = posts();
    let state = State {
        wasi: WasiCtxBuilder::new().args(&["posts", &authority, length]).build(),
        http: WasiHttpCtx::new(),
        table: ResourceTable::new(),
    };
    let mut store = Store::new(posts.engine(), state);
    let command: Command = posts.instantiate_async(&mut store).await.unwrap();
    // It ends only if its connection does.
    _ = command.wasi_cli_run().call_run(&mut store).await;
}

/// Runs a guest, and drops it with its store some milliseconds after its request began.
async fn drop_one(sink: &Sink, length: &'static str, chance: &mut Chance) {
    let begun = sink.begun();
    let guest = tokio::spawn(run(sink.address().to_string(), length));
    let end = Instant::now() + LONG;
    while sink.begun() == begun {
        assert!(Instant::now() < end, "the request does not begin");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    tokio::time::sleep(Duration::from_micros(3_000 + chance.below(40_000))).await;
    guest.abort();
    _ = guest.await;
}

/// Requests that the server saw end as HTTP says that a request ends, of so many that were dropped.
async fn whole_of(count: u64, length: &'static str, enough: u64) -> (u64, u64) {
    let sink = Sink::open().unwrap();
    let mut chance = Chance::new(count);
    let mut dropped = 0;
    while dropped < count && sink.whole() < enough {
        drop_one(&sink, length, &mut chance).await;
        dropped += 1;
    }
    let end = Instant::now() + LONG;
    while sink.whole() + sink.broken() < dropped {
        assert!(Instant::now() < end, "a connection outlives its guest");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    println!("stock client, content-length {length}: {} of {dropped} whole", sink.whole());
    (sink.whole(), dropped)
}

#[tokio::test(flavor = "multi_thread")]
async fn f32_a_dropped_guest_of_a_stock_host_leaves_whole_requests_only_without_content_length() {
    let (whole, dropped) = whole_of(drops(DROPS), LENGTH, 1).await;
    assert_eq!(whole, 0, "of {dropped} with Content-Length");
    let asked = drops(0);
    let (most, enough) = if asked == 0 { (TRIES_MAX, 1) } else { (asked, u64::MAX) };
    let (whole, dropped) = whole_of(most, "none", enough).await;
    assert!(whole > 0, "none of {dropped} without: is Content-Length still needed?");
}
