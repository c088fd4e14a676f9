//! Runs a program to its end and says what it cost: wall time, computing time, peak memory. Judges nothing.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use benches::status_kib;
use xtask::Failure;

/// Kernel ticks in a second, as Linux shows them to programs on every platform that Rust knows.
const TICKS_PER_SECOND: f64 = 100.0;

/// Short enough to see the peak of a process that lives for 10 ms, long enough not to be a load of its own.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// A process that is being started has less than any program of ours or of others: what was read then is no figure.
const STARTED_KIB: u32 = 1_024;

/// What one process cost.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    pub(crate) wall_s: f64,
    /// User and system time, in steps of 10 ms; where there is no procfs, not known.
    pub(crate) cpu_s: Option<f64>,
    /// Last reading before the end; where there is no procfs, not known.
    pub(crate) peak_kib: Option<u64>,
}

impl Sample {
    /// Of what timed itself.
    pub(crate) const fn timed(wall_s: f64) -> Self {
        Self { wall_s, cpu_s: None, peak_kib: None }
    }
}

/// Runs to the end, with nothing on stdin and stdout thrown away.
pub(crate) fn sample(command: &mut Command) -> Result<Sample, Failure> {
    let program = PathBuf::from(command.get_program());
    let failed = |error| Failure::file(&program, &error);
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let ticks_before = children_ticks();
    let began = Instant::now();
    let mut child = command.spawn().map_err(failed)?;
    let process = child.id().to_string();
    let watch = std::thread::spawn(move || {
        let mut peak = None;
        while let Some(kib) = status_kib(&process, "VmHWM") {
            peak = peak.max(Some(kib).filter(|kib| *kib >= STARTED_KIB));
            std::thread::sleep(LOOK_EVERY);
        }
        peak
    });
    let status = child.wait().map_err(failed)?;
    let wall_s = began.elapsed().as_secs_f64();
    let peak_kib = watch.join().unwrap_or(None).map(u64::from);
    if !status.success() {
        return Err(Failure::new(format!("{} ended with {status}", program.display())));
    }
    let cpu_s = ticks_before
        .zip(children_ticks())
        .map(|(before, after)| (after - before) / TICKS_PER_SECOND);
    Ok(Sample { wall_s, cpu_s, peak_kib })
}

/// Of all children that were waited for: fields 16 and 17 of `proc(5)`'s `stat`, counted after the name's bracket.
fn children_ticks() -> Option<f64> {
    let text = fs::read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |index: usize| fields.get(index)?.parse::<f64>().ok();
    Some(ticks(13)? + ticks(14)?)
}

/// The samples of one rival in one case.
#[derive(Debug, Clone, Default)]
pub(crate) struct Samples(pub(crate) Vec<Sample>);

impl Samples {
    /// Runs a rival, if this machine has it.
    pub(crate) fn add(&mut self, rival: Option<Command>) -> Result<(), Failure> {
        if let Some(mut command) = rival {
            self.0.push(sample(&mut command)?);
        }
        Ok(())
    }

    pub(crate) fn wall_s(&self) -> f64 {
        median(self.0.iter().map(|sample| sample.wall_s).collect())
    }

    /// Our wall time to another's, pair by pair as they were taken: what slowed the machine down for a while slowed both.
    pub(crate) fn to(&self, other: &Self) -> f64 {
        let pairs = self.0.iter().zip(&other.0);
        median(pairs.map(|(ours, theirs)| ours.wall_s / theirs.wall_s).collect())
    }

    pub(crate) fn cpu_s(&self) -> Option<f64> {
        let all: Option<Vec<f64>> = self.0.iter().map(|sample| sample.cpu_s).collect();
        all.map(median)
    }

    pub(crate) fn peak_mib(&self) -> Option<f64> {
        #[allow(clippy::cast_precision_loss, reason = "KiB of one process")]
        let mib = |kib: u64| kib as f64 / 1_024.0;
        self.0.iter().filter_map(|sample| sample.peak_kib).max().map(mib)
    }

    /// Largest less smallest, to the median, in per cent.
    pub(crate) fn spread_percent(&self) -> f64 {
        let walls = || self.0.iter().map(|sample| sample.wall_s);
        let (low, high) = (walls().fold(f64::INFINITY, f64::min), walls().fold(0.0, f64::max));
        100.0 * (high - low) / self.wall_s()
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::{Sample, Samples};

    #[test]
    fn the_median_and_the_spread_of_three() {
        let of = |wall_s| Sample { wall_s, cpu_s: None, peak_kib: Some(2_048) };
        let samples = Samples(vec![of(3.0), of(1.0), of(2.0)]);
        assert_eq!((samples.wall_s(), samples.spread_percent()), (2.0, 100.0));
        let others = Samples(vec![of(1.0), of(2.0), of(4.0)]);
        assert_eq!((samples.to(&others), others.to(&samples)), (0.5, 2.0));
        assert_eq!((samples.cpu_s(), samples.peak_mib()), (None, Some(2.0)));
    }
}
