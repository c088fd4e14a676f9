//! What a component's instance, a recovery and a decoded answer cost, inside of one process; by criterion.
//!
//! With `--live` it says instead what instances that are kept take of memory. Opens no connection.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    missing_docs,
    reason = "a bench fails by panicking, says what it measured, and has no interface"
)]

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BenchmarkId, Criterion, Throughput};
use knosc_bulk_import::fault::{Fault, Refusal};
use knosc_bulk_import::job::Job;
use knosc_bulk_import::plan::{Plan, Planned};
use knosc_bulk_import::policy::Policy;
use knosc_bulk_import::protocol::poll;
use knosc_bulk_import::run::{Event, Fact, Resolution, Run, SentFile};
use knosc_bulk_import::session::Session;
use knosc_bulk_import::trigger::Trigger;
use knosc_runner::credentials::{Secret, StaticCredentials};
use knosc_runner::engine::HOSTED_COMPONENT;
use knosc_runner::host::{HostedCtx, HostedCtxView, HostedView, add_to_linker};
use knosc_runner::importer::{Importer, ImporterPre};
use knosc_runner::journal::MemoryJournal;
use knosc_runner::tenant::{Tenant, TenantConfig};
use tokio::runtime::Runtime;
use wasmtime::component::{Component, Linker};
use wasmtime::{Config, Engine, PoolingAllocationConfig, Store};
use wasmtime_wasi::{ResourceTable, WasiCtx, WasiCtxView, WasiView};

/// From a run's own length to a year of a busy tenant's.
const SIZES: [usize; 3] = [10, 1_000, 100_000];

/// Enough that the allocator's own steps do not show.
const LIVE: u16 = 1_000;

struct Data {
    table: ResourceTable,
    wasi: WasiCtx,
    hosted: HostedCtx,
}

impl WasiView for Data {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl HostedView for Data {
    fn hosted(&mut self) -> HostedCtxView<'_> {
        HostedCtxView { ctx: &mut self.hosted, table: &mut self.table }
    }
}

/// The component, linked once, and a tenant that nothing is asked of.
struct Host {
    engine: Engine,
    importer: ImporterPre<Data>,
    tenant: Tenant,
    runtime: Runtime,
}

/// Room for all that are kept. A component is a handful of core instances, with a table each.
fn pool() -> PoolingAllocationConfig {
    const CORE_INSTANCES: u32 = 8;
    let most = u32::from(LIVE) + 1;
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(most).total_memories(most).total_stacks(most);
    pool.total_core_instances(most * CORE_INSTANCES).total_tables(most * CORE_INSTANCES);
    pool
}

impl Host {
    fn new() -> Self {
        let mut config = Config::new();
        config.allocation_strategy(pool());
        let engine = Engine::new(&config).unwrap();
        let component = Component::from_binary(&engine, HOSTED_COMPONENT).unwrap();
        let mut linker = Linker::<Data>::new(&engine);
        add_to_linker(&mut linker).unwrap();
        let importer = ImporterPre::new(linker.instantiate_pre(&component).unwrap()).unwrap();
        let session = Session { access_token: "a".into(), csrf_token: "c".into(), refresh: None };
        let tenant = Tenant::new(TenantConfig {
            name: "acme".to_owned(),
            origin: "http://127.0.0.1:1".parse().unwrap(),
            client: knosc_runner::net::ClientConfig::default(),
            credentials: Arc::new(StaticCredentials::new(Secret::Session(session))),
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { engine, importer, tenant: tenant.unwrap(), runtime }
    }

    /// An instance after its first call: a run of no files, which ends at once.
    fn called(&self) -> (Store<Data>, Importer) {
        let data = Data {
            table: ResourceTable::new(),
            wasi: WasiCtx::builder().build(),
            hosted: HostedCtx::new(self.tenant.clone(), Arc::new(MemoryJournal::new())),
        };
        let mut store = Store::new(&self.engine, data);
        let importer = self.runtime.block_on(async {
            let importer = self.importer.instantiate(&mut store).await.unwrap();
            black_box(importer.run_ordered(&mut store, &[], &Policy::default()).await.ok());
            importer
        });
        (store, importer)
    }
}

fn instances(criterion: &mut Criterion) {
    let host = Host::new();
    criterion.bench_function("instantiate, call, drop", |bench| {
        bench.iter(|| drop(black_box(host.called())));
    });
}

fn job() -> Job {
    Job { trigger: Trigger::Demand, job_id: "demand-upload-a1b2c3".into() }
}

/// A history in which no fact repeats the one before: uploads that a person lets go again and again.
fn history(count: usize) -> Vec<Event> {
    let name = "orders.csv".to_owned();
    let sent =
        SentFile { trigger: Trigger::Demand, name, size: 9, sha256: None, seal_follows: true };
    let refused = Fault::Transient(Refusal::unanswered("no connection"));
    let facts = [
        Fact::UploadStarted(sent),
        Fact::UploadEnded(refused),
        Fact::Resolved(Resolution::NotAccepted),
    ];
    let event = |(at_ms, fact)| Event { at_ms, step: 0, fact };
    (0..).zip(facts.into_iter().cycle()).map(event).take(count).collect()
}

fn growth(criterion: &mut Criterion) {
    let planned = Planned { trigger: Trigger::Demand, file_name: "orders.csv".to_owned() };
    let plan = Plan::new(vec![planned], false).unwrap();
    let mut group = criterion.benchmark_group("recover");
    for size in SIZES {
        let history = history(size);
        group.throughput(Throughput::Elements(size as u64));
        group.bench_function(BenchmarkId::from_parameter(size), |bench| {
            bench.iter(|| Run::recover(plan.clone(), Policy::default(), black_box(&history), 0));
        });
    }
    group.finish();
    let mut group = criterion.benchmark_group("decode");
    for size in SIZES {
        let error = r#"{"row":413,"message":"Item Unit 'EACH' not found in Unit Master"}"#;
        let body = format!(
            r#"{{"jobs":[{{"trigger":"demand","job_id":"{}","status":"failed","errors":[{}]}}]}}"#,
            job().job_id,
            vec![error; size].join(",")
        );
        group.throughput(Throughput::Bytes(body.len() as u64));
        group.bench_function(BenchmarkId::from_parameter(size), |bench| {
            bench.iter(|| poll::read(&[job()], 200, &[], black_box(body.as_bytes()), 0).unwrap());
        });
    }
    group.finish();
}

fn live() {
    let host = Host::new();
    // What the first one brings belongs to no instance.
    drop(host.called());
    let before = benches::status_kib("self", "VmRSS");
    let kept: Vec<_> = (0..LIVE).map(|_| host.called()).collect();
    if let (Some(before), Some(after)) = (before, benches::status_kib("self", "VmRSS")) {
        println!("{:.1}", (f64::from(after) - f64::from(before)) / f64::from(LIVE));
    }
    drop(kept);
}

fn main() {
    if std::env::args().any(|word| word == "--live") {
        return live();
    }
    let mut criterion = Criterion::default().configure_from_args();
    instances(&mut criterion);
    growth(&mut criterion);
    criterion.final_summary();
}
