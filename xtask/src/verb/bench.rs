//! `cargo xtask bench upload`: what a file costs with knosc-runner and with curl, pair by pair, on this machine.
//! Measures whole processes, both of the same file to the same sink; fails when ours takes more than 1.2 times as long.

use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use xtask::{
    Failure,
    components::cargo,
    local::LocalKnosc,
    machine::{self, Tool},
    place,
};

use super::{Steps, run as run_command};

const FILE_BYTES: u64 = 512 * 1024 * 1024;

/// Odd, so that the median is a measured value.
const PAIRS: usize = 5;

/// Of medians, ours to curl's. Signing in and loading the component from its cache are in ours.
const RATIO_MAX: f64 = 1.2;

/// Content is counted and thrown away, unhashed: the sink should not be what is measured.
const SINK: &str = r#"{"discard_content":true,"digest_content":false,"discarded_rows":1}"#;

const USER: &str = "demo@acme.test";
const PASSWORD: &str = "local-demo-password";

struct Sample {
    took: Duration,
    peak_kib: Option<u64>,
}

pub(crate) fn run() -> Result<(), Failure> {
    let curl = Tool::named("curl").filter(Tool::is_there);
    if curl.is_none() {
        return Err(Failure::new("NOT MEASURED: there is no curl to compare with")
            .hint("sudo apt-get install -y curl"));
    }
    let mut steps = Steps::new(4);
    steps.step("this machine: the wasm target, once, 30 MB", machine::set_up)?;
    steps.step(
        "release build of runner and local-knosc: once, about 15 min on two cores",
        || {
            let mut build = cargo();
            build
                .current_dir(place::root()?)
                .arg("build")
                .arg("--target-dir")
                .arg(place::target()?);
            let programs = ["--bin", "knosc-runner", "--bin", "local-knosc"];
            run_command(build.args(["--release", "--workspace"]).args(programs))
        },
    )?;
    let file = steps.step("a file of 512 MiB, once", file)?;
    let server = LocalKnosc::start(&place::program("release", "local-knosc")?, &[])?;
    server.turn(SINK)?;
    let (ours, curls) = steps.step("five pairs, one after the other", || pairs(&server, &file))?;
    table(&ours, &curls)
}

fn file() -> Result<PathBuf, Failure> {
    let folder = place::target()?.join("bench");
    let path = folder.join("inventory-512-mib.csv");
    if fs::metadata(&path).is_ok_and(|there| there.len() == FILE_BYTES) {
        return Ok(path);
    }
    let failed = |error| Failure::file(&path, &error);
    fs::create_dir_all(&folder).map_err(failed)?;
    let mut out = BufWriter::with_capacity(1 << 20, File::create(&path).map_err(failed)?);
    let mut left = FILE_BYTES;
    for row in 0_u64.. {
        let line = format!("WH-{:04},ITEM-{row:09},{},EA,2026-11-24\n", row % 400, row % 9_973);
        let bytes = line.as_bytes();
        let keep = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
        out.write_all(bytes.get(..keep).unwrap_or(bytes)).map_err(failed)?;
        left -= keep as u64;
        if left == 0 {
            break;
        }
    }
    out.flush().map_err(failed)?;
    Ok(path)
}

fn pairs(server: &LocalKnosc, file: &Path) -> Result<(Vec<Sample>, Vec<Sample>), Failure> {
    let cookies = place::target()?.join("bench").join("cookies.txt");
    let csrf = sign_in_with_curl(server, &cookies)?;
    // Not counted: it compiles the component into the cache, and reads the file into the page cache.
    sample(&mut ours(server, file)?)?;
    let (mut our_samples, mut curl_samples) = (Vec::new(), Vec::new());
    for pair in 1..=PAIRS {
        let a = sample(&mut ours(server, file)?)?;
        let b = sample(&mut curls(server, file, &cookies, &csrf))?;
        println!(
            "      {pair}: knosc-runner {:.3} s, curl {:.3} s",
            a.took.as_secs_f64(),
            b.took.as_secs_f64()
        );
        our_samples.push(a);
        curl_samples.push(b);
    }
    Ok((our_samples, curl_samples))
}

fn ours(server: &LocalKnosc, file: &Path) -> Result<Command, Failure> {
    let state = place::target()?.join("bench").join("state");
    // The same file again would be refused: each sample is of a file that no journal knows.
    for name in ["journal.db", "journal.db-wal", "journal.db-shm"] {
        let _ = fs::remove_file(state.join(name));
    }
    let mut ours = Command::new(place::program("release", "knosc-runner")?);
    // As curl, it is done when the file is accepted.
    ours.args(["upload", "--quiet", "--detach", "inventory"]).arg(file);
    ours.env("KNOSC_BASE_URL", server.url());
    ours.env("KNOSC_STATE", state);
    ours.env("KNOSC_USERNAME", USER).env("KNOSC_PASSWORD", PASSWORD);
    Ok(ours)
}

/// The guide's command as it is.
fn curls(server: &LocalKnosc, file: &Path, cookies: &Path, csrf: &str) -> Command {
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--show-error", "--fail", "-X", "POST"]).arg("-b").arg(cookies);
    curl.arg(format!("{}/api/job/inventory", server.url()));
    curl.args(["-H", &format!("X-XSRF-TOKEN: {csrf}"), "-F"])
        .arg(format!("file=@{}", file.display()));
    curl
}

fn sign_in_with_curl(server: &LocalKnosc, cookies: &Path) -> Result<String, Failure> {
    let body = format!(r#"{{"username":"{USER}","password":"{PASSWORD}"}}"#);
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--show-error", "--fail", "-o"]).arg(if cfg!(windows) {
        "NUL"
    } else {
        "/dev/null"
    });
    curl.arg("-c").arg(cookies).args(["-H", "Content-Type: application/json", "-d", &body]);
    run_command(curl.arg(format!("{}/api/authenticate", server.url())))?;
    let text = fs::read_to_string(cookies).map_err(|error| Failure::file(cookies, &error))?;
    let line = text.lines().find(|line| line.contains("csrf_access_token"));
    let value = line.and_then(|line| line.split_whitespace().last()).map(str::to_owned);
    value.ok_or_else(|| Failure::new("curl's sign-in gave no CSRF cookie"))
}

/// Runs to the end. The peak is read from procfs every 2 ms, where there is one: the last reading before the end counts.
fn sample(command: &mut Command) -> Result<Sample, Failure> {
    let program = PathBuf::from(command.get_program());
    let failed = |error| Failure::file(&program, &error);
    let began = Instant::now();
    command.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::null());
    let mut child = command.spawn().map_err(failed)?;
    let status_file = PathBuf::from(format!("/proc/{}/status", child.id()));
    let mut peak_kib = None;
    loop {
        peak_kib = peak_kib.max(high_water_mark_kib(&status_file));
        if let Some(status) = child.try_wait().map_err(failed)? {
            let took = began.elapsed();
            if status.success() {
                return Ok(Sample { took, peak_kib });
            }
            return Err(Failure::new(format!("{} ended with {status}", program.display())));
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn high_water_mark_kib(status_file: &Path) -> Option<u64> {
    let text = fs::read_to_string(status_file).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").trim().parse().ok()
}

fn table(ours: &[Sample], curls: &[Sample]) -> Result<(), Failure> {
    let median = |samples: &[Sample]| {
        let mut seconds: Vec<f64> =
            samples.iter().map(|sample| sample.took.as_secs_f64()).collect();
        seconds.sort_by(f64::total_cmp);
        seconds.get(seconds.len() / 2).copied().unwrap_or(f64::NAN)
    };
    let peak = |samples: &[Sample]| {
        let kib = samples.iter().filter_map(|sample| sample.peak_kib).max();
        kib.map_or_else(|| "not known".to_owned(), |kib| format!("{} MiB", kib / 1_024))
    };
    let ratio = median(ours) / median(curls);
    println!("| 512 MiB over loopback | median of {PAIRS} | peak memory |\n|---|---|---|");
    println!("| knosc-runner upload | {:.3} s | {} |", median(ours), peak(ours));
    println!("| curl -F | {:.3} s | {} |", median(curls), peak(curls));
    println!("ratio {ratio:.2}, at most {RATIO_MAX}");
    if ratio <= RATIO_MAX {
        Ok(())
    } else {
        Err(Failure::new(format!("knosc-runner takes {ratio:.2} times as long as curl")))
    }
}
