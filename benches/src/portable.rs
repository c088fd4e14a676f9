//! The portable component in stock wasmtime: each form of content, beside curl. Nothing of our host is in the way.

use std::{
    fs::File,
    io::{self, Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::Command,
    thread,
};

use serde_json::Value;
use xtask::{Failure, components, components::Kind, place};

use crate::{
    Extent,
    report::{Check, Section},
    rivals::{Arena, SINK, said, sign_in_by_environment},
    sample::{Sample, Samples, sample},
};

const MIB: u64 = 1 << 20;

/// A form of content, the sizes that it is measured with, and what its throughput should be to curl's: floor and aim.
const FORMS: [(&str, &[u64], f64, f64); 4] = [
    ("path", &[64 * MIB, 512 * MIB, 2_048 * MIB], 0.8, 1.0),
    ("url", &[64 * MIB, 512 * MIB, 2_048 * MIB], 0.8, 1.0),
    ("bytes", &[MIB, 64 * MIB], 0.15, 0.3),
    ("base64", &[MIB, 64 * MIB], 0.0, 0.0),
];

/// The forms that are streamed, and never held as a whole.
const STREAMED: [&str; 2] = ["path", "url"];

/// Below this, signing in is most of the time: it is shown, and judged by nobody.
const JUDGED_FROM: u64 = 64 * MIB;

pub(crate) fn run(arena: &mut Arena, extent: Extent) -> Result<Section, Failure> {
    arena.server.turn(SINK)?;
    let component = components::build(Kind::Portable)?.path;
    let exports = serve(arena.folder().to_path_buf())?;
    let mut section = Section::new("upload, portable");
    for (form, sizes, floor, aim) in FORMS {
        for size in sizes.iter().filter(|size| !extent.quick || **size <= 512 * MIB) {
            let file = arena.file(*size)?;
            let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let what = if form == "url" {
                PathBuf::from(format!("{exports}/{name}"))
            } else {
                file.clone()
            };
            let (mut ours, mut curl) = (Samples::default(), Samples::default());
            let mut memory = Memory::default();
            for _ in 0..extent.repeats {
                ours.0.push(upload(arena, &component, form, &what, &mut memory)?);
                curl.0.push(sample(&mut arena.curl(&file))?);
            }
            let case = format!("{form}, {} MiB", size / MIB);
            println!("  {case}: {:.3} s, curl {:.3} s", ours.wall_s(), curl.wall_s());
            if *size >= JUDGED_FROM && aim > 0.0 {
                let ratio = curl.to(&ours);
                section.check(Check::at_least(format!("{case}, to curl's"), ratio, floor, aim));
            }
            if STREAMED.contains(&form) {
                memory.judge(&mut section, &case);
            } else {
                section.note(format!("{case}: {:.0} MiB of guest memory.", memory.guest_mib));
            }
            section.row(case.clone(), "portable component", ours);
            section.row(case, "curl", curl);
        }
    }
    section.note("The component's call alone, signing in included; of curl the whole process, with a session handed over.");
    Ok(section)
}

/// The most of all calls of one case.
#[derive(Default)]
struct Memory {
    guest_mib: f64,
    above_mib: f64,
}

impl Memory {
    /// A figure that could not be had is none that holds.
    fn add(&mut self, said: &Value) {
        let figure = |name: &str, unit: f64| {
            said.get(name).and_then(Value::as_f64).map_or(f64::INFINITY, |most| most / unit)
        };
        self.guest_mib = self.guest_mib.max(figure("guest_bytes", 1_048_576.0));
        self.above_mib = self.above_mib.max(figure("above_kib", 1_024.0));
    }

    fn judge(&self, section: &mut Section, case: &str) {
        let (guest, above) = (self.guest_mib, self.above_mib);
        section.check(Check::at_most(format!("{case}, guest memory, MiB"), guest, 2.0, 1.1));
        let what = format!("{case}, process memory above that before the call, MiB");
        section.check(Check::at_most(what, above, 48.0, 32.0));
    }
}

/// The program says what the call cost; its process also compiled the component.
fn upload(
    arena: &Arena,
    component: &Path,
    form: &str,
    what: &Path,
    memory: &mut Memory,
) -> Result<Sample, Failure> {
    let mut stock = Command::new(place::program("release", "stock-portable")?);
    stock.arg(component).args([arena.server.url(), "inventory", form]).arg(what);
    sign_in_by_environment(&mut stock);
    let (sample, said) = said(&mut stock)?;
    memory.add(&said);
    Ok(sample)
}

/// A company's own web server with its exports: files of a folder, each with its length. Ends with the process.
fn serve(folder: PathBuf) -> Result<String, Failure> {
    let failed = |error: io::Error| Failure::new(format!("exports over http: {error}"));
    let listener = TcpListener::bind("127.0.0.1:0").map_err(failed)?;
    let url = format!("http://{}", listener.local_addr().map_err(failed)?);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A reader that went away is its own business.
            _ = answer(stream, &folder);
        }
    });
    Ok(url)
}

fn answer(mut stream: TcpStream, folder: &Path) -> io::Result<()> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte)? == 1 {
        head.extend(byte);
    }
    let head = String::from_utf8_lossy(&head);
    let name = head.split(' ').nth(1).and_then(|path| path.rsplit('/').next()).unwrap_or_default();
    let mut file = File::open(folder.join(name))?;
    let length = file.metadata()?.len();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\ncontent-type: text/csv\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
    )?;
    // On Linux the kernel copies from the file to the socket.
    io::copy(&mut file, &mut stream).map(drop)
}
