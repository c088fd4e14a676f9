//! `cargo xtask dist`: what a release has, the same bytes each time: the runner with its components inside, the components and the WIT
//! package by themselves, lists of parts, digests. Publishes nothing.
//!
//! Same bytes: one compiler, `Cargo.lock`, no path of this machine (`--remap-path-prefix`), times of files from the commit, names in order.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use xtask::{
    Failure,
    components::{self, Kind, cargo},
    machine, place,
};

use super::{Steps, run as run_command, tried};

/// A static binary, that runs on any Linux of this processor.
const TARGET: &str = "x86_64-unknown-linux-musl";

/// What the program may be, and with it its archive, so that growth is a decision.
const PROGRAM_BYTES_MAX: u64 = 30 * 1024 * 1024;

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// One build: where its source is, and where everything goes.
struct Place {
    root: PathBuf,
    /// Below this machine's target folder, with build folders of its own: flags differ from those of daily work.
    folder: PathBuf,
}

/// `options` are `--twice`, `--registry` and `--crates`.
pub(crate) fn run(options: &[&str]) -> Result<(), Failure> {
    const KNOWN: [&str; 3] = ["--twice", "--registry", "--crates"];
    if let Some(unknown) = options.iter().find(|option| !KNOWN.contains(option)) {
        return Err(Failure::new(format!("dist has no {unknown}")).hint("cargo xtask help"));
    }
    let wants = |option| options.contains(&option);
    let mut steps = Steps::new(4 + options.len() + usize::from(wants("--twice")));
    steps.step("this machine: the wasm and musl targets, once, 70 MB", set_up)?;
    steps.step("tools, and what the release is tried with: once about 7 min", tools)?;
    let first = Place { root: place::root()?, folder: place::target()?.join("dist") };
    let out = first.folder.join("out");
    let sums =
        steps.step("a release: the first time about 12 min on two cores", || make(&first))?;
    print!("{sums}");
    steps.step("the archive in an empty folder, without HOME, checkout and cache", || {
        let archive = out.join(format!("knosc-runner-{VERSION}-{TARGET}.tar.gz"));
        tried::unpacked(&archive, &first.folder.join("unpacked"))
    })?;
    if wants("--registry") {
        steps.step("components and WIT package through a registry on this machine", || {
            tried::registry(&out, &first.folder.join("registry"))
        })?;
    }
    if wants("--crates") {
        steps.step("the crates as they would be published, built: about 7 min", || {
            packaged(&first)
        })?;
    }
    if wants("--twice") {
        let folder = first.folder.join("again");
        let second = Place { root: folder.join("source"), folder };
        steps.step("a clone of what is committed", || clone(&first.root, &second.root))?;
        let again = steps.step("the same from there: about 12 min", || make(&second))?;
        if again != sums {
            return Err(Failure::new(format!("the second build has other bytes:\n{again}")));
        }
        println!("twice the same bytes");
    }
    Ok(())
}

/// Of the whole workspace and with one test, so that dependencies have the features that the tests have, and nothing is compiled twice.
fn tools() -> Result<(), Failure> {
    let mut build = cargo();
    build.current_dir(place::root()?).args(["build", "--workspace", "--target-dir"]);
    build.arg(place::target()?);
    build.args(["--test", "tidy"]);
    for program in ["dist-parts", "local-knosc", "portable-example"] {
        build.args(["--bin", program]);
    }
    run_command(&mut build)
}

/// What a registry would get, and that it builds by itself: the runner's with both components in it, for those without a wasm target.
fn packaged(place: &Place) -> Result<(), Failure> {
    let components = place.root.join("host-runner").join("components");
    fs::create_dir_all(&components).map_err(|error| Failure::file(&components, &error))?;
    for kind in Kind::ALL {
        let file = format!("{}.wasm", kind.name());
        copy(&place.folder.join("carried").join(&file), &components.join(&file))?;
    }
    let mut package = cargo();
    package.current_dir(&place.root).args(["package", "--locked", "--allow-dirty"]);
    package.args(["-p", "knosc-bulk-import", "-p", "knosc-checks", "-p", "knosc-runner"]);
    run_command(package.arg("--target-dir").arg(place.folder.join("package")))
}

fn set_up() -> Result<(), Failure> {
    machine::set_up()?;
    run_command(Command::new("rustup").args(["target", "add", TARGET]))?;
    if machine::runs("musl-gcc", &["--version"]) {
        return Ok(());
    }
    Err(Failure::new("no C compiler for musl").hint("sudo apt-get install -y musl-tools"))
}

fn clone(from: &Path, to: &Path) -> Result<(), Failure> {
    if to.exists() {
        fs::remove_dir_all(to).map_err(|error| Failure::file(to, &error))?;
    }
    run_command(Command::new("git").args(["clone", "--quiet", "--local"]).arg(from).arg(to))
}

/// Builds everything and gives the digests, a line a file.
fn make(place: &Place) -> Result<String, Failure> {
    let out = place.folder.join("out");
    if out.exists() {
        fs::remove_dir_all(&out).map_err(|error| Failure::file(&out, &error))?;
    }
    let inside = out.join(format!("knosc-runner-{VERSION}-{TARGET}"));
    let made = inside.join("components");
    fs::create_dir_all(&made).map_err(|error| Failure::file(&made, &error))?;
    for kind in Kind::ALL {
        let bytes = component(place, kind)?;
        for path in [
            made.join(format!("knosc-{}.wasm", kind.name())),
            out.join(format!("knosc-{}-{VERSION}.wasm", kind.name())),
        ] {
            fs::write(&path, &bytes).map_err(|error| Failure::file(&path, &error))?;
        }
    }
    let carried = carried(place, &made)?;
    let runner = runner(place, &carried)?;
    copy(&runner, &inside.join("knosc-runner"))?;
    for name in ["README.md", "CHANGELOG.md", "SECURITY.md", "LICENSE-MIT", "LICENSE-APACHE"] {
        copy(&place.root.join(name), &inside.join(name))?;
    }
    parts(place, &["pages", text(&inside)?])?;
    let wit = out.join(format!("knosc-bulk-import-wit-{VERSION}.wasm"));
    parts(place, &["wit", text(&wit)?])?;
    let lock = place.root.join("Cargo.lock");
    for (package, target, name) in [
        ("knosc-runner", TARGET, format!("knosc-runner-{VERSION}-{TARGET}.cdx.json")),
        ("knosc-bulk-import", components::TARGET, format!("knosc-components-{VERSION}.cdx.json")),
    ] {
        parts(place, &["sbom", package, target, text(&lock)?, text(&out.join(name))?])?;
    }
    archive(&out, &inside, &place.root)?;
    digests(&out)
}

/// A component with what it is written into it.
fn component(place: &Place, kind: Kind) -> Result<Vec<u8>, Failure> {
    let folder = place.folder.join("guest").join(kind.name());
    let mut build = build(place, &folder);
    build.args(["--profile", "guest", "--target", components::TARGET, "-p", "knosc-bulk-import"]);
    // Added to those of `.cargo/config.toml`.
    build.env("CARGO_TARGET_WASM32_WASIP2_RUSTFLAGS", remapped(place)?.join(" "));
    run_command(build.args(kind.features()))?;
    let path = folder.join(components::TARGET).join("guest").join("knosc_bulk_import.wasm");
    let bytes = fs::read(&path).map_err(|error| Failure::file(&path, &error))?;
    Ok(components::described(kind, &bytes))
}

/// A folder with what the runner carries: both components, and machine code of one for any processor of the target.
fn carried(place: &Place, made: &Path) -> Result<PathBuf, Failure> {
    let carried = place.folder.join("carried");
    if carried.exists() {
        fs::remove_dir_all(&carried).map_err(|error| Failure::file(&carried, &error))?;
    }
    fs::create_dir_all(&carried).map_err(|error| Failure::file(&carried, &error))?;
    for kind in Kind::ALL {
        let name = kind.name();
        copy(&made.join(format!("knosc-{name}.wasm")), &carried.join(format!("{name}.wasm")))?;
    }
    let code = carried.join("hosted.cwasm");
    parts(place, &["code", TARGET, text(&carried.join("hosted.wasm"))?, text(&code)?])?;
    Ok(carried)
}

/// The program, static.
fn runner(place: &Place, carried: &Path) -> Result<PathBuf, Failure> {
    let folder = place.folder.join("build");
    let mut build = build(place, &folder);
    build.args(["--release", "--target", TARGET, "-p", "knosc-runner", "--bin", "knosc-runner"]);
    build.env("CARGO_TARGET_X86_64_UNKNOWN_LINUX_MUSL_RUSTFLAGS", remapped(place)?.join(" "));
    build.env("CC_x86_64_unknown_linux_musl", "musl-gcc").env("KNOSC_COMPONENTS", carried);
    run_command(&mut build)?;
    let program = folder.join(TARGET).join("release").join("knosc-runner");
    bounded(&program)?;
    Ok(program)
}

fn build(place: &Place, folder: &Path) -> Command {
    let mut build = cargo();
    build.current_dir(&place.root).args(["build", "--locked", "--target-dir"]).arg(folder);
    build
}

/// `dist-parts` of this tree, also where the source is a clone: it is a tool, and no part of what is made.
fn parts(place: &Place, words: &[&str]) -> Result<(), Failure> {
    let program = place::program("debug", "dist-parts")?;
    run_command(Command::new(program).current_dir(&place.root).args(words))
}

/// Flags that leave no path of this machine in what is built.
fn remapped(place: &Place) -> Result<Vec<String>, Failure> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| env::var_os("HOME").map(|home| Path::new(&home).join(".cargo")));
    let sources = home.ok_or_else(|| Failure::new("neither CARGO_HOME nor HOME is set"))?;
    let sources = sources.join("registry").join("src");
    let listing = fs::read_dir(&sources).map_err(|error| Failure::file(&sources, &error))?;
    let mut flags = vec![format!("--remap-path-prefix={}=/source", text(&place.root)?)];
    for registry in listing.flatten() {
        flags.push(format!("--remap-path-prefix={}=/crates", text(&registry.path())?));
    }
    flags.push(format!("--remap-path-prefix={}=/build", text(&place.folder)?));
    Ok(flags)
}

/// `NAME.tar.gz` of a folder, which is gone afterwards.
fn archive(out: &Path, inside: &Path, root: &Path) -> Result<(), Failure> {
    let name = inside.file_name().map(Path::new).map(text).transpose()?.unwrap_or_default();
    let archive = format!("{name}.tar.gz");
    let mut tar = Command::new("tar");
    tar.current_dir(out).env("GZIP", "").args(["--create", "--sort=name", "--format=ustar"]);
    tar.args(["--owner=0", "--group=0", "--numeric-owner", "--mode=u+rw,go=u-w"]);
    tar.arg(format!("--mtime=@{}", committed(root)?));
    run_command(tar.args(["--use-compress-program=gzip -n -9", "--file", &archive, name]))?;
    fs::remove_dir_all(inside).map_err(|error| Failure::file(inside, &error))?;
    let path = out.join(&archive);
    bounded(&path)
}

/// Says how large a file is, and fails where that is too much.
fn bounded(path: &Path) -> Result<(), Failure> {
    let size = fs::metadata(path).map_err(|error| Failure::file(path, &error))?.len();
    if size > PROGRAM_BYTES_MAX {
        let failure = format!("{}: {size} bytes, more than {PROGRAM_BYTES_MAX}", path.display());
        return Err(Failure::new(failure));
    }
    println!("      {} ({size} bytes of at most {PROGRAM_BYTES_MAX})", path.display());
    Ok(())
}

/// When the source was committed, in seconds.
fn committed(root: &Path) -> Result<String, Failure> {
    said(Command::new("git").current_dir(root).args(["log", "-1", "--format=%ct"]))
}

/// Writes `SHA256SUMS` as `sha256sum -c` reads it.
fn digests(out: &Path) -> Result<String, Failure> {
    let listing = fs::read_dir(out).map_err(|error| Failure::file(out, &error))?;
    let mut names: Vec<_> = listing.flatten().map(|entry| entry.file_name()).collect();
    names.sort();
    let sums = said(Command::new("sha256sum").current_dir(out).args(names))? + "\n";
    let path = out.join("SHA256SUMS");
    fs::write(&path, &sums).map_err(|error| Failure::file(&path, &error))?;
    Ok(sums)
}

fn said(command: &mut Command) -> Result<String, Failure> {
    let program = command.get_program().to_owned();
    let failed = |why: String| Failure::new(format!("{}: {why}", program.to_string_lossy()));
    let output = command.output().map_err(|error| failed(error.to_string()))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
    } else {
        Err(failed(String::from_utf8_lossy(&output.stderr).into_owned()))
    }
}

fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    fs::copy(from, to).map(drop).map_err(|error| Failure::file(from, &error))
}

fn text(path: &Path) -> Result<&str, Failure> {
    path.to_str().ok_or_else(|| Failure::new(format!("{} is not UTF-8", path.display())))
}
