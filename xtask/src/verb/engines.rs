//! `cargo xtask engines`: other people's engines, each by its page's own commands and by the table of calls; the table engine × feature.
//!
//! Installs into `target/engines/` from the ordinary registries and nowhere else. Judges nothing: `tests/conformance/` does.

use std::{fmt::Write, fs, path::Path, path::PathBuf, process::Command, time::Instant};

use xtask::{
    Failure,
    components::{self, Kind, cargo},
    engines::{ENGINES, Engine, FEATURES, Found},
    machine, place,
};

use super::{Steps, run as run_command};

/// Lines of what went otherwise: an adapter that ended makes as many as the table has cases.
const LINES_MAX: usize = 20;

/// `words` are names of engines and `--require-all`; no name is all but those that have to be named.
pub(crate) fn run(words: &[&str]) -> Result<(), Failure> {
    let require_all = words.contains(&"--require-all");
    let names: Vec<&str> = words.iter().copied().filter(|word| *word != "--require-all").collect();
    for name in &names {
        Engine::named(name)?;
    }
    let wanted = |engine: &&Engine| match names.as_slice() {
        [] => !engine.opt_in,
        names => names.contains(&engine.name),
    };
    let engines: Vec<&Engine> = ENGINES.iter().filter(wanted).collect();
    let mut steps = Steps::new(engines.len() + 3);
    steps.step("this machine: the wasm target, once, 30 MB", machine::set_up)?;
    let component = steps.step("component `portable`: once about 1 min on two cores", || {
        components::build(Kind::Portable)
    })?;
    steps.step("what plays the table: once about 2 min on two cores, 200 MB", || {
        let mut build = cargo();
        build.current_dir(place::root()?).args(["build", "-p", "conformance", "--target-dir"]);
        run_command(build.arg(place::target()?))
    })?;
    let mut table = head();
    let (mut skipped, mut bad) = (Vec::new(), Vec::new());
    for engine in engines {
        let what = format!("{}: {}", engine.name, engine.cost);
        if let Some(missing) = engine.missing() {
            skipped.push(format!("{}: {missing} is not there", engine.name));
            continue;
        }
        let began = Instant::now();
        let found = steps.step(&what, || try_out(engine, &component.path))?;
        bad.extend(found.bad().map(|line| format!("{}: {line}", engine.name)));
        row(&mut table, engine, &found, began.elapsed().as_secs());
    }
    let path = place::target()?.join("engines").join("table.md");
    fs::write(&path, &table).map_err(|error| Failure::file(&path, &error))?;
    println!("\n{table}");
    for engine in ENGINES.iter().filter(|engine| engine.opt_in && names.is_empty()) {
        let Engine { name, version, cost, .. } = engine;
        println!("skipped: {version}: tried only by `cargo xtask engines {name}` ({cost})");
    }
    for line in &skipped {
        println!("skipped: {line}");
    }
    for line in bad.iter().take(LINES_MAX) {
        println!("otherwise: {line}");
    }
    if !bad.is_empty() || (require_all && !skipped.is_empty()) {
        let (bad, skipped) = (bad.len(), skipped.len());
        return Err(Failure::new(format!("{bad} went otherwise, {skipped} engines skipped")));
    }
    Ok(())
}

/// Follows the engine's page in a folder of its own, then plays the table with what the page installed.
fn try_out(engine: &Engine, component: &Path) -> Result<Found, Failure> {
    let root = place::root()?;
    let folder = place::target()?.join("engines").join(engine.name);
    copy(&root.join("examples/engines").join(engine.name), &folder)?;
    copy(&root.join("examples/exports"), &folder.join("exports"))?;
    for (from, to) in engine.beside {
        copy_all(&root.join(from), &folder.join(to))?;
    }
    let wasm = folder.join("knosc-portable.wasm");
    fs::copy(component, &wasm).map_err(|error| Failure::file(&wasm, &error))?;
    let program = place::program("debug", "conformance")?;
    let pages = root.join("tests/conformance/pages");
    let (page, calls) = (folder.join("page.tsv"), folder.join("calls.tsv"));
    // What an earlier time found says nothing of this one.
    for old in [&page, &calls].into_iter().filter(|old| old.exists()) {
        fs::remove_file(old).map_err(|error| Failure::file(old, &error))?;
    }
    let mut follow = Command::new(&program);
    follow.arg("page").arg(&page).arg(pages.join(format!("{}.json", engine.name))).arg(&folder);
    let followed = status(&mut follow)?;
    // Without what the page installs there is nothing to play with.
    if followed {
        let adapters = root.join("tests/conformance/adapters");
        let mut play = Command::new(&program);
        play.current_dir(&folder).arg("calls").arg(&calls).arg("--");
        play.arg(engine.interpreter).arg(adapters.join(engine.adapter)).args(engine.arguments);
        status(&mut play)?;
    }
    Found::read(&[page, calls])
}

/// Whether a program found everything well; 1 is that it did not, anything else that it could not look.
fn status(command: &mut Command) -> Result<bool, Failure> {
    let failed = |what: String| Failure::new(format!("conformance: {what}"));
    let ended = command.status().map_err(|error| failed(error.to_string()))?;
    match ended.code() {
        Some(0) => Ok(true),
        Some(1) => Ok(false),
        _ => Err(failed(ended.to_string())),
    }
}

/// Copies a folder's files over those of an earlier time, and leaves what was installed.
fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    let failed = |error| Failure::file(from, &error);
    fs::create_dir_all(to).map_err(failed)?;
    for path in entries(from)? {
        if let (true, Some(name)) = (path.is_file(), path.file_name()) {
            fs::copy(&path, to.join(name)).map_err(failed)?;
        }
    }
    Ok(())
}

/// As [`copy`], with the folders below, but for what cargo built at a desk.
fn copy_all(from: &Path, to: &Path) -> Result<(), Failure> {
    copy(from, to)?;
    for path in entries(from)?.iter().filter(|path| path.is_dir()) {
        if let Some(name) = path.file_name().filter(|name| *name != "target") {
            copy_all(path, &to.join(name))?;
        }
    }
    Ok(())
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let failed = |error| Failure::file(folder, &error);
    let listed = fs::read_dir(folder).map_err(failed)?;
    listed.map(|entry| Ok(entry.map_err(failed)?.path())).collect()
}

fn head() -> String {
    format!(
        "| engine | {} | s |\n|---|{}---|\n",
        FEATURES.join(" | "),
        "---|".repeat(FEATURES.len())
    )
}

fn row(table: &mut String, engine: &Engine, found: &Found, seconds: u64) {
    let cells: Vec<String> = FEATURES.iter().map(|feature| found.cell(feature)).collect();
    // Writing to a String does not fail.
    _ = writeln!(table, "| {} | {} | {seconds} |", engine.version, cells.join(" | "));
}
