//! `cargo xtask drops`, `kills` and `isolation`: what an ordinary run of the tests plays some hundred times, often enough for a figure.

use xtask::{Failure, components::cargo, place};

use super::{Steps, run as run_command};

/// Guests of each kind, as many as the figures in ARCHITECTURE.md are of.
const DROPS: &str = "10000";

/// Guests of a stock host, each of which takes longer.
const STOCK_DROPS: &str = "1000";

/// How often every place and time of a run.
const KILLS: &str = "20";

/// Guests that are ended in the middle of an upload.
pub(crate) fn drops() -> Result<(), Failure> {
    let mut steps = Steps::new(3);
    steps.step("10,000 guests of our host: about 2 min on two cores", || {
        play("faults", "drops::", ("DROPS", DROPS))
    })?;
    steps.step("2 x 2,500 guests that trap: about 4 min", || {
        play("faults", "traps::", ("DROPS", DROPS))
    })?;
    steps.step("2 x 1,000 guests of a stock host: about 3 min", || {
        play("faults", "stock::", ("DROPS", STOCK_DROPS))
    })
}

/// Processes that are killed at every step of a run.
pub(crate) fn kills() -> Result<(), Failure> {
    Steps::new(1).step("3,000 kills and as many resumptions: about 12 min on two cores", || {
        play("kills", "a_run_", ("KILLS", KILLS))
    })
}

/// Pipelines that want more than they may have.
pub(crate) fn isolation() -> Result<(), Failure> {
    Steps::new(1).step("hostile pipelines, 1,000 kills, shares: about 5 min on two cores", || {
        play("isolation", "", ("ISOLATION", "full"))
    })
}

/// As `cargo xtask test` builds it, so that nothing is compiled a second time.
fn play(test: &str, filter: &str, times: (&str, &str)) -> Result<(), Failure> {
    let mut play = cargo();
    play.current_dir(place::root()?).env(times.0, times.1);
    play.arg("test").arg("--target-dir").arg(place::target()?);
    play.args(["--workspace", "--test", test, "--", "--nocapture", filter]);
    run_command(&mut play)
}
