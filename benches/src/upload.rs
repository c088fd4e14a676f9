//! Files from 10 KiB to 2 GiB through `knosc-runner upload` (hosted component, journal and digest on), and the same file by
//! curl, a client on hyper and the guide's script. Draws throughput and memory over size.

use std::{fs, path::Path};

use xtask::Failure;

use crate::{
    Extent, log,
    plot::{self, Line},
    report::{Check, Section},
    rivals::Arena,
    sample::{Samples, sample},
    sink::{self, Sink},
};

const MIB: u64 = 1 << 20;
/// Also of the bench over TLS.
pub(crate) const SIZES: [u64; 5] = [10 * 1_024, MIB, 64 * MIB, 512 * MIB, 2_048 * MIB];

/// The script reads a file as a whole, several times over: more would measure the machine's memory.
const SCRIPT_BYTES_MAX: u64 = 512 * MIB;

/// Below this, starting a process is most of the time.
const THROUGHPUT_FROM: u64 = 64 * MIB;

const OURS: &str = "knosc-runner";

/// What one size gave, for the plots.
struct Row {
    size: u64,
    rivals: [(&'static str, Samples); 5],
    guest_mib: Option<f64>,
}

pub(crate) fn run(arena: &mut Arena, extent: Extent) -> Result<Section, Failure> {
    let sink = sink::start()?;
    arena.aim(sink.url.clone());
    let mut section = Section::new("upload");
    let mut rows: Vec<Row> = Vec::new();
    for size in extent.sizes(&SIZES) {
        let row = one_size(arena, size, extent.repeats)?;
        judge(&mut section, &row, rows.first());
        rows.push(row);
    }
    capacity(&sink, &mut section, &rows);
    for row in &rows {
        for (rival, samples) in &row.rivals {
            section.row(plot::size_label(bytes(row.size)), rival, samples.clone());
        }
    }
    section.note("knosc-runner signs in, loads its component, keeps a journal and a digest; curl and the hyper client are handed a session. The script signs in, and asks for the job's state once, after 20 ms.");
    draw(arena.folder(), &rows)?;
    Ok(section)
}

fn one_size(arena: &Arena, size: u64, repeats: usize) -> Result<Row, Failure> {
    let file = arena.file(size)?;
    let pair = [("inventory", file.clone())];
    // Not counted: it fills the component's cache and the page cache, and its log says what the guest took.
    let guest_mib = log::largest(arena.our_upload(&file)?, arena.folder(), "guest_memory_bytes")?;
    let guest_mib = guest_mib.map(|most| most / bytes(MIB));
    let mut samples: [Samples; 5] = Default::default();
    for _ in 0..repeats {
        let [ours, bare, curl, hyper, script] = &mut samples;
        ours.0.push(sample(&mut arena.our_upload(&file)?)?);
        bare.0.push(sample(arena.our_upload(&file)?.arg("--no-digest"))?);
        curl.add(arena.curl(&file))?;
        hyper.0.push(sample(&mut arena.hyper(&file)?)?);
        if size <= SCRIPT_BYTES_MAX {
            script.add(arena.script(&pair)?)?;
        }
    }
    let [ours, bare, curl, hyper, script] = samples;
    let (a, b, label) = (ours.wall_s(), curl.wall_s(), plot::size_label(bytes(size)));
    println!("  {label}: {OURS} {a:.3} s, curl {b:.3} s");
    let rivals = [
        (OURS, ours),
        ("knosc-runner, no digest", bare),
        ("curl", curl),
        ("hyper", hyper),
        ("script", script),
    ];
    Ok(Row { size, rivals, guest_mib })
}

fn judge(section: &mut Section, row: &Row, smallest: Option<&Row>) {
    let [(_, ours), (_, bare), (_, curl), (_, hyper), _] = &row.rivals;
    let size = plot::size_label(bytes(row.size));
    if row.size >= THROUGHPUT_FROM && !curl.0.is_empty() {
        let figure = |what: &str| format!("{size}, {what}");
        let ratio = curl.to(ours);
        section.check(Check::at_least(figure("throughput to curl's"), ratio, 0.8, 1.0));
        let (ratio, to_hyper) = (curl.to(bare), hyper.to(bare));
        section.check(Check::at_least(figure("no digest, to curl's"), ratio, 1.0, 1.3));
        section.note(format!(
            "{size}, no digest: {to_hyper:.2} of the hyper client's throughput, 0.9 is the aim."
        ));
    }
    let guest = row.guest_mib.unwrap_or(f64::NAN);
    section.check(Check::at_most(format!("{size}, guest memory, MiB"), guest, 2.0, 1.1));
    // The smallest file's process is the idle one: everything is loaded, and nothing is held.
    if let Some(smallest) = smallest {
        let idle = smallest.rivals[0].1.peak_mib().unwrap_or(f64::NAN);
        let above = ours.peak_mib().unwrap_or(f64::NAN) - idle;
        let what = format!(
            "{size}, process memory above that of {}, MiB",
            plot::size_label(bytes(smallest.size))
        );
        section.check(Check::at_most(what, above, 48.0, 32.0));
    }
}

/// The sink has to be able to take twice what the fastest rival sends, or it is what was measured.
fn capacity(sink: &Sink, section: &mut Section, rows: &[Row]) {
    let Some(row) = rows.iter().filter(|row| row.size >= 512 * MIB).min_by_key(|row| row.size)
    else {
        return;
    };
    let walls = row.rivals.iter().filter(|(_, samples)| !samples.0.is_empty());
    let fastest = walls.map(|(_, samples)| bytes(row.size) / samples.wall_s()).fold(0.0, f64::max);
    let what = "what the sink can take, to what the fastest rival sends";
    section.check(Check::at_least(what, sink.capacity() / fastest, 2.0, 2.0));
    let mib = bytes(MIB);
    section.note(format!(
        "Sink: {:.0} MiB for each second that it computes, and it waits for the rest; fastest rival: {:.0} MiB/s.",
        sink.capacity() / mib,
        fastest / mib
    ));
}

fn draw(folder: &Path, rows: &[Row]) -> Result<(), Failure> {
    let line = |index: usize, value: &dyn Fn(&Row, &Samples) -> Option<f64>| -> Option<Line> {
        let name = rows.first()?.rivals.get(index)?.0;
        let points = rows.iter().filter_map(|row| {
            let samples = &row.rivals.get(index)?.1;
            Some((bytes(row.size), value(row, samples).filter(|value| value.is_finite())?))
        });
        Some((name, points.collect()))
    };
    let throughput =
        |row: &Row, samples: &Samples| Some(bytes(row.size) / bytes(MIB) / samples.wall_s());
    let memory = |_: &Row, samples: &Samples| samples.peak_mib();
    let lines = |value: &dyn Fn(&Row, &Samples) -> Option<f64>| -> Vec<Line> {
        (0..5).filter_map(|index| line(index, value)).collect()
    };
    let pictures = [
        (
            "throughput.svg",
            plot::svg(
                "Throughput of an upload, process start to end",
                "MiB/s",
                &lines(&throughput),
            ),
        ),
        ("memory.svg", plot::svg("Peak memory of the process", "MiB", &lines(&memory))),
    ];
    for (name, picture) in pictures {
        let path = folder.join(name);
        fs::write(&path, picture).map_err(|error| Failure::file(&path, &error))?;
    }
    Ok(())
}

#[allow(clippy::cast_precision_loss, reason = "sizes of files, far below 2^52")]
pub(crate) fn bytes(count: u64) -> f64 {
    count as f64
}
