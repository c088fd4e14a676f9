//! What `cargo xtask dist` made, tried as its users would: the archive unpacked into an empty folder, the components through a registry.
//!
//! On this machine alone: local-knosc is the Knosc, and Debian's `docker-registry` on a loopback port the registry.

use std::{
    fs,
    io::ErrorKind,
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use xtask::{
    Failure,
    local::{CREDENTIALS, LocalKnosc},
    machine, place,
};

use super::run as run_command;

/// How many exports the sample folder has, each a line that begins so.
const COMPLETED: usize = 13;

/// A registry on this machine answers at once, or does not start.
const START_MAX: Duration = Duration::from_secs(20);

/// Unpacks an archive into an empty folder and loads the sample exports: no HOME, no checkout, no cache, nothing to compile.
pub(crate) fn unpacked(archive: &Path, folder: &Path) -> Result<(), Failure> {
    empty(folder)?;
    run_command(
        Command::new("tar").current_dir(folder).arg("--extract").arg("--file").arg(archive),
    )?;
    let inside = only_entry(folder)?;
    let exports = folder.join("exports");
    let samples = place::root()?.join("examples").join("exports");
    run_command(Command::new("cp").arg("-r").arg(&samples).arg(&exports))?;
    let server = LocalKnosc::start(&place::program("debug", "local-knosc")?, &[])?;
    let began = Instant::now();
    let run = Command::new(inside.join("knosc-runner"))
        .current_dir(folder)
        .env_clear()
        .envs(CREDENTIALS)
        .env("KNOSC_BASE_URL", server.url())
        .env("KNOSC_STATE", folder.join("state"))
        .env("KNOSC_POLL_INTERVAL", "50ms")
        .args(["run", "exports/", "-vv"])
        .output()
        .map_err(|error| Failure::file(&inside, &error))?;
    let took = began.elapsed();
    let (said, logged) =
        (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    let completed = said.lines().filter(|line| line.starts_with("completed ")).count();
    if !run.status.success() || completed != COMPLETED {
        return Err(Failure::new(format!("{completed} of {COMPLETED} completed:\n{said}{logged}")));
    }
    let ready = logged.lines().find(|line| line.contains("the component is ready"));
    if !ready.is_some_and(|line| line.contains("from_cache=true")) {
        return Err(Failure::new(format!("the component was compiled: {ready:?}")));
    }
    println!("      {completed} files loaded in {} ms", took.as_millis());
    println!("      {}", ready.unwrap_or_default().trim());
    Ok(())
}

/// Pushes components and the WIT package to a registry, pulls them, compares, and loads a file with what was pulled.
pub(crate) fn registry(out: &Path, folder: &Path) -> Result<(), Failure> {
    if !machine::runs("wkg", &["--version"]) {
        return Err(Failure::new("wkg is not there").hint("cargo install --locked wkg"));
    }
    if !machine::runs("docker-registry", &["--version"]) {
        let hint = "sudo apt-get install -y docker-registry";
        return Err(Failure::new("docker-registry is not there").hint(hint));
    }
    empty(folder)?;
    let registry = Registry::start(folder)?;
    let address = registry.address.as_str();
    for file in files(out, ".wasm")? {
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let (package, version) = name.rsplit_once('-').unwrap_or((&name, "0"));
        let reference = format!("{address}/knosc/{package}:{version}");
        let pulled = folder.join(format!("{name}.wasm"));
        let wkg = |words: &[&str]| {
            let mut wkg = Command::new("wkg");
            // No settings of this user's.
            wkg.env("HOME", folder).env("XDG_CONFIG_HOME", folder).arg("oci").args(words);
            wkg.args(["--insecure", address]);
            run_command(&mut wkg)
        };
        wkg(&["push", &reference, &file.to_string_lossy()])?;
        wkg(&["pull", &reference, "--output", &pulled.to_string_lossy()])?;
        if read(&file)? != read(&pulled)? {
            return Err(Failure::new(format!("{reference} came back otherwise")));
        }
        if package == "knosc-portable" {
            load(&pulled)?;
        }
    }
    Ok(())
}

/// One file, by the component that was pulled, in plain wasmtime.
fn load(component: &Path) -> Result<(), Failure> {
    let server = LocalKnosc::start(&place::program("debug", "local-knosc")?, &[])?;
    let program = place::program("debug", "portable-example")?;
    let file = place::root()?.join("examples/exports/unit-master.csv");
    let mut run = Command::new(&program);
    run_command(
        run.envs(CREDENTIALS).arg(component).args([server.url(), "unit-master"]).arg(file),
    )?;
    let uploads = server.get("/_local/uploads")?;
    if uploads.matches("unit-master.csv").count() == 1 {
        Ok(())
    } else {
        Err(Failure::new(format!("what was pulled loaded otherwise: {uploads}")))
    }
}

/// A registry that ends with this value; what it stores is in its folder.
struct Registry {
    child: Child,
    address: String,
}

impl Registry {
    fn start(folder: &Path) -> Result<Self, Failure> {
        let failed = |error: std::io::Error| Failure::new(format!("docker-registry: {error}"));
        // Free now; whoever takes it meanwhile makes the start fail, and nothing worse.
        let free = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr());
        let address = free.map_err(failed)?.to_string();
        let settings = folder.join("registry.yml");
        let store = folder.join("store");
        let text = format!(
            "version: 0.1\nlog: {{ level: error }}\nstorage: {{ filesystem: {{ rootdirectory: {} }} }}\nhttp: {{ addr: {address} }}\n",
            store.display()
        );
        fs::write(&settings, text).map_err(failed)?;
        let child = Command::new("docker-registry")
            .arg("serve")
            .arg(&settings)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(failed)?;
        let registry = Self { child, address };
        let began = Instant::now();
        while let Err(error) = TcpStream::connect(&registry.address) {
            if error.kind() != ErrorKind::ConnectionRefused || began.elapsed() > START_MAX {
                return Err(failed(error));
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(registry)
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        // A child that is gone already is what we want.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

fn empty(folder: &Path) -> Result<(), Failure> {
    let failed = |error| Failure::file(folder, &error);
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(failed)?;
    }
    fs::create_dir_all(folder).map_err(failed)
}

fn only_entry(folder: &Path) -> Result<PathBuf, Failure> {
    let listing = fs::read_dir(folder).map_err(|error| Failure::file(folder, &error))?;
    let mut entries = listing.flatten().map(|entry| entry.path());
    match (entries.next(), entries.next()) {
        (Some(entry), None) => Ok(entry),
        _ => Err(Failure::new("the archive holds more than one folder")),
    }
}

fn files(folder: &Path, ending: &str) -> Result<Vec<PathBuf>, Failure> {
    let listing = fs::read_dir(folder).map_err(|error| Failure::file(folder, &error))?;
    let paths = listing.flatten().map(|entry| entry.path());
    let mut files: Vec<_> = paths.filter(|path| path.to_string_lossy().ends_with(ending)).collect();
    files.sort();
    Ok(files)
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|error| Failure::file(path, &error))
}
