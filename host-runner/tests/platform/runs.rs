//! Runs side by side: how many a tenant may have at one time, and what is said of each.

use std::sync::Arc;
use std::time::{Duration, Instant};

use knosc_runner::blobs::MemoryBlob;
use knosc_runner::platform::limits::{PipelineLimit, PipelineLimits};
use knosc_runner::platform::{
    LogLine, PipelineEnd, PipelineEvent, Stream, Submission, SubmitError,
};

use crate::guest::{self, OK};
use crate::host::{EGRESS, Host};
use crate::template;

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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trap_names_the_functions_that_it_was_in() {
    let host = Host::start("", "");
    let fields = "(func $deep unreachable) (func $above (call $deep))";
    let report = host.run(guest::with_fields(fields, "(call $above) (i32.const 0)")).await;
    let PipelineEnd::Trapped { message } = report.end else { panic!("{report:?}") };
    assert!(
        message.contains("`unreachable`") && message.contains(", in deep < above"),
        "{message}"
    );
}

/// Forty requests that nobody granted.
const ASKS: &str = "(loop $l (drop (call $ask (i32.const 601) (i32.const 1) (i32.const 704) (global.get $denied-len))) (global.set $n (i32.add (global.get $n) (i32.const 1))) (br_if $l (i32.lt_u (global.get $n) (i32.const 40)))) (i32.const 16)";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_denial_is_counted_and_the_first_are_kept() {
    let host = Host::start("", EGRESS);
    let fields = "(data (i32.const 601) \"/\") (global $n (mut i32) (i32.const 0))";
    let text = template::text("", fields, ASKS, "erp.acme.example", "other.example");
    let report = host.run(guest::binary(&text)).await;
    assert_eq!((report.denied, report.denials.len()), (40, 32));
    assert_eq!(host.platform.counters().0["acme"].denials, 40);
}

/// Writes a line, asks for what nobody granted, and computes until it is stopped.
const TALKS: &str = "
  (call $print (call $stdout) (i32.const 512) (i32.const 5) (i32.const 64))
  (call $print (call $stdout) (i32.const 600) (i32.const 1) (i32.const 64))
  (drop (call $ask (i32.const 601) (i32.const 1) (i32.const 704) (global.get $denied-len)))
  (loop $l (br $l)) (unreachable)";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_tells_what_happens_in_it_while_it_goes_on() {
    let host = Host::start("", EGRESS);
    let text = template::text("", "(data (i32.const 600) \"\\0a/\")", TALKS, "a", "nobody.example");
    let component = wat::parse_str(text).unwrap();
    let mut run = host.platform.submit("acme", submission(component)).await.unwrap();
    let mut events = run.events().unwrap();
    let line = LogLine { stream: Stream::Out, text: "a.csv".to_owned() };
    assert_eq!(events.recv().await, Some(PipelineEvent::Log(line.clone())));
    let Some(PipelineEvent::Denied(denial)) = events.recv().await else { panic!("no denial") };
    assert_eq!(denial.rule(), "origin");
    let listed = host.platform.list();
    assert_eq!((listed[0].run.as_str(), listed[0].tenant.as_str()), (run.id(), "acme"));
    assert!(
        host.platform.counters().prometheus().contains("knosc_pipelines_live{tenant=\"acme\"} 1")
    );
    run.cancel();
    assert_eq!(events.recv().await, None, "nothing happens after its end");
    let report = run.report().await;
    assert_eq!(report.end, PipelineEnd::Cancelled);
    assert_eq!(report.log.lines, [line]);
    assert_eq!(report.denials, [denial]);
    assert_eq!(host.platform.list(), []);
    let text = host.platform.prometheus();
    for line in ["knosc_pipelines_cancelled_total{tenant=\"acme\"} 1\n", "knosc_pool_memories 0\n"]
    {
        assert!(text.contains(line), "{line}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_is_stopped_and_another_one_is_not() {
    let host = Host::start("", "");
    host.reload(&["acme", "birch"], "cpu = \"300ms\"", "");
    let start =
        |tenant: &'static str| host.platform.submit(tenant, submission(guest::running(LOOP)));
    let runs = [start("acme").await.unwrap(), start("acme").await.unwrap()];
    let other = start("birch").await.unwrap();
    let tenants: Vec<_> = host.platform.list().into_iter().map(|one| one.tenant).collect();
    assert_eq!(tenants, ["acme", "acme", "birch"]);
    host.platform.stop("acme");
    for run in runs {
        assert_eq!(run.report().await.end, PipelineEnd::Cancelled);
    }
    assert_eq!(other.report().await.end, PipelineEnd::Limit(PipelineLimit::Cpu));
    assert!(
        host.audit().contains(" acme - stopped \"every run of the tenant\""),
        "{}",
        host.audit()
    );
    let next = host.run(guest::running(OK)).await;
    assert_eq!(next.end, PipelineEnd::Returned(Ok(String::new())), "stopping is no ban");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_operators_file_holds_from_the_next_submission_on() {
    let host = Host::start("cpu = \"300ms\"", "");
    let looping = host.platform.submit("acme", submission(guest::running(LOOP))).await.unwrap();
    let unknown = host.platform.submit("birch", submission(guest::running(OK))).await.unwrap_err();
    assert!(matches!(unknown, SubmitError::UnknownTenant(_)), "{unknown}");
    host.reload(&["birch"], "cpu = \"1h\"\nwall = \"2h\"", "");
    // What runs keeps the limits that it began with.
    assert_eq!(looping.report().await.end, PipelineEnd::Limit(PipelineLimit::Cpu));
    let gone = host.platform.submit("acme", submission(guest::running(OK))).await.unwrap_err();
    assert!(matches!(gone, SubmitError::UnknownTenant(_)), "{gone}");
    let new = host.platform.submit("birch", submission(guest::running(OK))).await.unwrap();
    assert_eq!(new.report().await.end, PipelineEnd::Returned(Ok(String::new())));
    // A grant of an entry that was there before.
    let asks = wat::parse_str(template::text("", "", OK, "a", "b")).unwrap();
    assert!(matches!(host.platform.check("birch", &asks).await, Err(SubmitError::Refused(_))));
    host.reload(&["birch"], "", EGRESS);
    assert!(host.platform.check("birch", &asks).await.is_ok());
    assert!(host.audit().contains(" - - reloaded \""), "{}", host.audit());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_platform_that_is_drained_waits_and_takes_nothing_more() {
    let host = Host::start("cpu = \"300ms\"", "");
    let looping = host.platform.submit("acme", submission(guest::running(LOOP))).await.unwrap();
    assert_eq!(host.platform.drain(Duration::from_mins(1)).await, []);
    assert_eq!(host.platform.list(), []);
    let error = host.platform.submit("acme", submission(guest::running(OK))).await.unwrap_err();
    assert!(matches!(error, SubmitError::Draining), "{error}");
    assert_eq!(looping.report().await.end, PipelineEnd::Limit(PipelineLimit::Cpu));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drain_stops_what_outlives_its_deadline() {
    let host = Host::start("cpu = \"1h\"\nwall = \"2h\"", "");
    let looping = host.platform.submit("acme", submission(guest::running(LOOP))).await.unwrap();
    let began = Instant::now();
    let late = host.platform.drain(Duration::from_millis(200)).await;
    assert!(began.elapsed() < Duration::from_secs(30));
    assert_eq!(late.iter().map(|one| one.run.as_str()).collect::<Vec<_>>(), [looping.id()]);
    assert_eq!(looping.report().await.end, PipelineEnd::Cancelled);
    assert_eq!(host.platform.list(), []);
    assert!(host.audit().contains("stopped \"the host was drained\""), "{}", host.audit());
}
