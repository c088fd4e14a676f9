//! The example of two tenants does what it shows.

use knosc_runner::platform::limits::PipelineLimit;
use knosc_runner::platform::{JobCall, PipelineEnd};

#[allow(dead_code, reason = "its `main` prints what is looked at here")]
#[path = "../../../examples/two_tenants.rs"]
mod two_tenants;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_hostile_one_of_two_tenants_is_stopped_and_the_other_one_loads() {
    let came = two_tenants::run().await.unwrap();
    assert_eq!(came.hostile.end, PipelineEnd::Limit(PipelineLimit::Cpu));
    let rules: Vec<_> =
        came.hostile.denials.iter().map(knosc_runner::platform::PipelineDenial::rule).collect();
    assert_eq!(rules, ["knosc"]);
    assert!(came.hostile.log.dropped_bytes > 0, "{:?}", came.hostile.used);
    assert_eq!(came.neighbour.end, PipelineEnd::Returned(Ok(String::new())));
    let [JobCall::Run(report)] = &came.neighbour.calls[..] else { panic!("{:?}", came.neighbour) };
    assert_eq!(report.steps[0].outcome.word(), "completed");
    assert!(came.figures.contains("knosc_steps_total{tenant=\"acme\",outcome=\"completed\"} 1\n"));
}
