//! The portable component in stock wasmtime: each form of content, beside curl. Nothing of our host is in the way.

mod exports;

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;
use xtask::{Failure, components, components::Kind, place};

use crate::{
    Extent,
    report::{Check, Section},
    rivals::{Arena, said, sign_in_by_environment},
    sample::{Sample, Samples},
    sink,
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
    let sink = sink::start()?;
    arena.aim(sink.url.clone());
    let component = components::build(Kind::Portable)?.path;
    let exports = exports::serve(arena.folder().to_path_buf())?;
    let mut section = Section::new("upload, portable");
    for (form, sizes, floor, aim) in FORMS {
        for size in extent.sizes(sizes) {
            let file = arena.file(size)?;
            let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let what = if form == "url" { PathBuf::from(exports.url(&name)) } else { file.clone() };
            let [mut ours, mut curl, mut relay]: [Samples; 3] = Default::default();
            let mut memory = Memory::default();
            for _ in 0..extent.repeats {
                ours.0.push(upload(arena, &component, form, &what, &mut memory)?);
                curl.add(arena.curl(&file))?;
                if form == "url" {
                    relay.0.push(exports.relay(&name, &sink)?);
                }
            }
            let case = format!("{form}, {} MiB", size / MIB);
            println!("  {case}: {:.3} s, curl {:.3} s", ours.wall_s(), curl.wall_s());
            if size >= JUDGED_FROM && aim > 0.0 && !curl.0.is_empty() {
                let what = format!("{case}, to curl's");
                section.check(Check::at_least(what, curl.to(&ours), floor, aim));
            }
            if form == "url" {
                section.note(format!(
                    "{case}: curl has the file on its disk. A relay that does nothing but receive and send reaches {:.2} of its \
                     throughput: each byte passes two connections, on the cores that the server and the sink have too.",
                    curl.to(&relay)
                ));
            }
            if STREAMED.contains(&form) {
                memory.judge(&mut section, &case);
            } else {
                section.note(format!("{case}: {:.0} MiB of guest memory.", memory.guest_mib));
            }
            section.row(case.clone(), "portable component", ours);
            section.row(case.clone(), "curl", curl);
            section.row(case, "relay, nothing but recv and send", relay);
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
    stock.arg(component).args([arena.base_url(), "inventory", form]).arg(what);
    sign_in_by_environment(&mut stock);
    let (sample, said) = said(&mut stock)?;
    memory.add(&said);
    Ok(sample)
}
