//! What this machine has and lacks. Installs the wasm target by rustup and nothing else; what else is missing is one
//! line with the command to type.

use std::{
    env,
    ffi::OsStr,
    path::Path,
    process::{Command, Stdio},
};

use crate::{Failure, components::TARGET, place};

/// wasmtime, both components and the tests, measured: 2.3 GB; with room for a second build.
const DISK_FREE_MIB_MIN: u64 = 4_096;

/// Set for tests of which none may be left out.
pub const REQUIRE_ALL: &str = "KNOSC_REQUIRE_ALL";

/// A tool that only some tests need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tool {
    /// What people call it, and `--except` takes.
    pub name: &'static str,
    /// The tests that need it.
    pub tests: &'static str,
    /// How to get it.
    pub install: &'static str,
    program: &'static str,
    args: &'static [&'static str],
    /// What has to be there too, below the target folder.
    package: Option<&'static str>,
}

/// The tools that a test may need besides rustup and a C compiler.
pub const TOOLS: [Tool; 12] = [
    Tool {
        name: "curl",
        tests: "documented_client::curl_*",
        install: "sudo apt-get install -y curl",
        program: "curl",
        args: &["--version"],
        package: None,
    },
    Tool {
        name: "python-requests",
        tests: "documented_client::python_*",
        install: "python3 -m pip install requests",
        program: "python3",
        args: &["-c", "import requests"],
        package: None,
    },
    Tool {
        name: "chromium",
        tests: "results::a_browser_*, keyboard::a_browser_*",
        install: "sudo apt-get install -y chromium",
        program: "chromium",
        args: &["--version"],
        package: None,
    },
    Tool {
        name: "openpyxl",
        tests: "openpyxl::workbooks_*",
        install: "python3 -m pip install openpyxl",
        program: "python3",
        args: &["-c", "import openpyxl"],
        package: None,
    },
    Tool {
        name: "libreoffice",
        tests: "libreoffice::files_*",
        install: "sudo apt-get install -y --no-install-recommends libreoffice-calc, 715 MB on the disk",
        program: "soffice",
        args: &["--version"],
        package: None,
    },
    Tool {
        name: "cargo-component",
        tests: "world::cargo_component_*, pipelines::cargo_component_*",
        install: "cargo install --locked cargo-component",
        program: "cargo-component",
        args: &["--version"],
        package: None,
    },
    Tool {
        name: "componentize-py",
        tests: "pipelines::the_one_in_python_*",
        install: "python3 -m venv venv && venv/bin/pip install componentize-py==0.25.1, and venv/bin in PATH",
        program: "componentize-py",
        args: &["--version"],
        package: None,
    },
    Tool {
        name: "nginx",
        tests: "stacks::nginx_*, stacks::werkzeug_*, stacks::a_proxy_*",
        install: "sudo apt-get install -y nginx-light, and /usr/sbin in PATH",
        program: "nginx",
        args: &["-v"],
        package: None,
    },
    Tool {
        name: "haproxy",
        tests: "stacks::haproxy_*, stacks::a_proxy_*",
        install: "sudo apt-get install -y haproxy, and /usr/sbin in PATH",
        program: "haproxy",
        args: &["-v"],
        package: None,
    },
    Tool {
        name: "flask",
        tests: "stacks::nginx_*, stacks::haproxy_*, stacks::werkzeug_*, stacks::a_proxy_*",
        install: "python3 -m venv target/tools/stacks/python && target/tools/stacks/python/bin/pip install -r tests/stacks/requirements.txt",
        program: "python3",
        args: &["--version"],
        package: Some("tools/stacks/python/bin/gunicorn"),
    },
    Tool {
        name: "multer",
        tests: "stacks::multer_*",
        install: "cp tests/stacks/package*.json target/tools/stacks/ && npm ci --prefix target/tools/stacks",
        program: "node",
        args: &["--version"],
        package: Some("tools/stacks/node_modules/multer"),
    },
    // That it is installed is not enough: not every container may make namespaces.
    Tool {
        name: "unshare",
        tests: "containers::*",
        install: "sudo apt-get install -y util-linux, and the right to make namespaces: root outside of an unprivileged container",
        program: "unshare",
        args: &["--uts", "--mount", "--pid", "--fork", "--kill-child", "hostname", "test"],
        package: None,
    },
];

impl Tool {
    /// Finds a tool by its name.
    pub fn named(name: &str) -> Option<Self> {
        TOOLS.into_iter().find(|tool| tool.name == name)
    }

    /// True where the tool is there and answers.
    pub fn is_there(&self) -> bool {
        let is_in_target = |package| place::target().is_ok_and(|t| t.join(package).exists());
        runs(self.program, self.args) && self.package.is_none_or(is_in_target)
    }

    /// Whether a test may run that needs the tool of this name; where it may not, it is told as not run.
    ///
    /// # Errors
    /// If the tool is missing and no test may be left out (`KNOSC_REQUIRE_ALL`), or if no tool has this name.
    #[allow(clippy::print_stdout, reason = "what was not run is named")]
    pub fn is_there_for(name: &str, test: &str) -> Result<bool, Failure> {
        let tool =
            Self::named(name).ok_or_else(|| Failure::new(format!("no tool is called {name}")))?;
        if tool.is_there() {
            return Ok(true);
        }
        if env::var_os(REQUIRE_ALL).is_some() {
            return Err(Failure::new(format!("{test}: {name} is missing")).hint(tool.install));
        }
        println!("not run: {test}: {name} is not there ({})", tool.install);
        Ok(false)
    }
}

/// True where the program starts and ends well.
pub fn runs(program: impl AsRef<OsStr>, args: &[&str]) -> bool {
    let quiet = || Stdio::null();
    let status =
        Command::new(program).args(args).stdin(quiet()).stdout(quiet()).stderr(quiet()).status();
    status.is_ok_and(|status| status.success())
}

/// Makes sure that everything is there to compile: the wasm target (installed where rustup is), a C compiler, room.
/// Says on stderr what it does, since a download may take a while.
///
/// # Errors
/// With the command to type, if something is missing that cannot be installed from here.
pub fn set_up() -> Result<(), Failure> {
    c_compiler()?;
    room()?;
    wasm_target()
}

fn c_compiler() -> Result<(), Failure> {
    let named = env::var_os("CC");
    if named.as_ref().is_some_and(|cc| runs(cc, &["--version"])) || runs("cc", &["--version"]) {
        return Ok(());
    }
    Err(Failure::new("no C compiler (it builds SQLite and the TLS library's assembly)")
        .hint("sudo apt-get install -y gcc libc6-dev    (macOS: xcode-select --install)"))
}

fn room() -> Result<(), Failure> {
    let root = place::root()?;
    // POSIX `df -Pk`: the fourth column of the second line is what is free. Where it says nothing, nothing is refused.
    let df = Command::new("df").arg("-Pk").arg(&root).output();
    let text = df.map(|out| String::from_utf8_lossy(&out.stdout).into_owned()).unwrap_or_default();
    let free = text.lines().nth(1).and_then(|line| line.split_whitespace().nth(3));
    let free_mib = free.and_then(|kib| kib.parse::<u64>().ok()).map(|kib| kib / 1_024);
    match free_mib {
        Some(mib) if mib < DISK_FREE_MIB_MIN && !place::target()?.join("debug").exists() => {
            Err(Failure::new(format!("{mib} MiB free, {DISK_FREE_MIB_MIN} are needed"))
                .hint("CARGO_TARGET_DIR=/another/disk cargo xtask demo"))
        }
        _ => Ok(()),
    }
}

fn wasm_target() -> Result<(), Failure> {
    if target_is_there() {
        return Ok(());
    }
    let hint = format!("rustup target add {TARGET}");
    if !runs("rustup", &["--version"]) {
        return Err(Failure::new(format!(
            "Rust's {TARGET} library is missing, and rustup is not there"
        ))
        .hint("curl https://sh.rustup.rs -sSf | sh    (then again)"));
    }
    let added = Command::new("rustup").args(["target", "add", TARGET]).status();
    if added.is_ok_and(|status| status.success()) && target_is_there() {
        return Ok(());
    }
    Err(Failure::new(format!("rustup could not install {TARGET}: is there a network?")).hint(hint))
}

/// Looks at the library itself: a toolchain from a distribution has no rustup to ask.
fn target_is_there() -> bool {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let asked = Command::new(rustc).args(["--print", "target-libdir", "--target", TARGET]).output();
    asked.is_ok_and(|out| {
        let folder = String::from_utf8_lossy(&out.stdout).trim().to_owned();
        Path::new(&folder).read_dir().is_ok_and(|mut files| files.next().is_some())
    })
}
