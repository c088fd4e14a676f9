//! Runs side by side: how many a tenant may have at one time, and what is said of each.

use std::sync::Arc;

use knosc_runner::blobs::MemoryBlob;
use knosc_runner::platform::limits::{PipelineLimit, PipelineLimits};
use knosc_runner::platform::{PipelineEnd, Submission, SubmitError};

use crate::guest::{self, OK};
use crate::host::Host;

const LOOP: &str = "(loop $l (br $l)) (unreachable)";

fn submission(component: Vec<u8>) -> Submission {
    Submission { component, inputs: Vec::new(), settings: Vec::new(), limits: None }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_has_so_many_runs_at_one_time() {
    let host = Host::start("runs = 1\ncpu = \"300ms\"", "");
    let looping = host.platform.submit("acme", submission(guest::running(LOOP))).await.unwrap();
    let error = host.platform.submit("acme", submission(guest::running(OK))).await.unwrap_err();
    assert!(matches!(error, SubmitError::TenantBusy(1)), "{error}");
    assert!(error.hint().contains("[tenant.limits] runs = 2"), "{}", error.hint());
    let stopped = looping.report().await;
    assert_eq!(stopped.end, PipelineEnd::Limit(PipelineLimit::Cpu));
    assert!(stopped.used.computed.as_millis() >= 300, "{:?}", stopped.used);
    let next = host.run(guest::running(OK)).await;
    assert_eq!(next.end, PipelineEnd::Returned(Ok(String::new())));
    assert_eq!(host.scratch_files(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenants_own_limits_narrow_the_operators() {
    let host = Host::start("cpu = \"5s\"", "");
    let mut limits = PipelineLimits::default();
    limits.set(PipelineLimit::Cpu, 20).unwrap();
    let narrowed = Submission { limits: Some(limits), ..submission(guest::running(LOOP)) };
    let report = host.platform.submit("acme", narrowed).await.unwrap().report().await;
    assert_eq!(report.end, PipelineEnd::Limit(PipelineLimit::Cpu));
    assert!(report.used.computed.as_secs() < 5, "{:?}", report.used);
    let blob = Arc::new(MemoryBlob::new("a.csv", &b"x"[..]));
    let report = host.run_with(guest::running(OK), vec![blob]).await;
    assert_eq!(report.end, PipelineEnd::Returned(Ok(String::new())));
    assert_eq!(report.used.memory_bytes, 65_536);
}
