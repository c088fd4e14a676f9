//! Other people's engines that `cargo xtask engines` tries, and what was found of each. Starts nothing but `--version`.

use std::{fs, path::PathBuf};

use crate::{Failure, machine::runs};

/// An engine with a page in `examples/engines/`.
#[derive(Debug)]
pub struct Engine {
    /// The folder's name.
    pub name: &'static str,
    /// What its page installs, and with which version.
    pub version: &'static str,
    /// What its page says to put beside it, apart from component and exports: from where in the repository, to where in the folder.
    pub beside: &'static [(&'static str, &'static str)],
    /// Programs that have to be there before.
    pub needs: &'static [&'static str],
    /// What to expect of time and room.
    pub cost: &'static str,
    /// Tried only where it is named.
    pub opt_in: bool,
    /// What runs the adapter, seen from the engine's folder.
    pub interpreter: &'static str,
    /// A file in `tests/conformance/adapters/`.
    pub adapter: &'static str,
    /// Its arguments.
    pub arguments: &'static [&'static str],
}

/// In the order in which they are tried.
pub const ENGINES: [Engine; 7] = [
    Engine {
        name: "wasmtime-py",
        version: "wasmtime-py 50.0.1, Prefect 3.9.1",
        beside: &[],
        needs: &["python3"],
        cost: "once 300 MB; about 3 min on two cores",
        opt_in: false,
        interpreter: "venv/bin/python",
        adapter: "wasmtime_py.py",
        arguments: &["knosc-portable.wasm"],
    },
    Engine {
        name: "jco",
        version: "jco 1.35.0, Node",
        beside: &[],
        needs: &["node", "npm"],
        cost: "once 360 MB; about 1 min",
        opt_in: false,
        interpreter: "node",
        adapter: "jco.mjs",
        arguments: &["knosc-portable.wasm"],
    },
    Engine {
        name: "wasmtime-cli",
        version: "wasmtime CLI 48.0.2",
        beside: &[],
        needs: &["python3"],
        cost: "once 75 MB; about 1 min",
        opt_in: false,
        interpreter: "venv/bin/python",
        adapter: "wasmtime_cli.py",
        arguments: &["./wasmtime", "knosc-portable.wasm"],
    },
    Engine {
        name: "wasmtime-serve",
        version: "wasmtime serve 48.0.2, wasm-tools 1.262.0",
        beside: &[("examples/engines/wasmtime-serve/front", "front"), ("wit", "front/wit")],
        needs: &["python3", "curl"],
        cost: "once 150 MB; about 1 min",
        opt_in: false,
        interpreter: "venv/bin/python",
        adapter: "http_front.py",
        arguments: &["wasmtime-serve", "./wasmtime", "knosc-http.wasm"],
    },
    Engine {
        name: "wasmcloud",
        version: "wasmCloud, wash 2.10.3",
        beside: &[
            ("examples/engines/wasmcloud/.wash", ".wash"),
            ("examples/engines/wasmtime-serve/front", "front"),
            ("wit", "front/wit"),
        ],
        needs: &["python3", "curl"],
        cost: "once 250 MB; about 4 min",
        opt_in: false,
        interpreter: "venv/bin/python",
        adapter: "http_front.py",
        arguments: &[
            "wasmcloud",
            "./wash",
            "front/target/wasm32-wasip2/release/front.wasm",
            "knosc-portable.wasm",
        ],
    },
    Engine {
        name: "restate-jco",
        version: "Restate 1.7.12, its SDK 1.17.2, jco 1.35.0",
        beside: &[],
        needs: &["node", "npm", "curl"],
        cost: "once 550 MB; about 2 min",
        opt_in: false,
        interpreter: "node",
        adapter: "jco.mjs",
        arguments: &["knosc-portable.wasm"],
    },
    Engine {
        name: "obelisk",
        version: "Obelisk 0.38.3",
        beside: &[],
        needs: &["cargo", "rustup", "protoc", "python3", "curl"],
        cost: "once 15 min of compiling on two cores, 2 GB meanwhile; about 4 min",
        opt_in: true,
        interpreter: "python3",
        adapter: "obelisk.py",
        arguments: &["tool/bin/obelisk", "knosc-portable.wasm"],
    },
];

/// The columns of the table: what the cases of `tests/conformance/` and the pages' commands count for.
pub const FEATURES: [&str; 15] = [
    "login",
    "text",
    "bytes",
    "base64",
    "path",
    "url",
    "poll",
    "run-ordered",
    "planner",
    "faults",
    "unknown",
    "transient",
    "denied",
    "resume",
    "secrets",
];

impl Engine {
    /// Finds an engine by its name.
    ///
    /// # Errors
    /// If there is none, with those that there are.
    pub fn named(name: &str) -> Result<&'static Self, Failure> {
        ENGINES.iter().find(|engine| engine.name == name).ok_or_else(|| {
            let known = ENGINES.map(|engine| engine.name).join(", ");
            Failure::new(format!("there is no engine {name}; there are: {known}"))
        })
    }

    /// The first program that is not there.
    pub fn missing(&self) -> Option<&'static str> {
        self.needs.iter().find(|program| !runs(program, &["--version"])).copied()
    }
}

/// What `conformance` wrote: lines of feature, verdict, name and what went otherwise.
#[derive(Debug, Default)]
pub struct Found {
    lines: Vec<[String; 4]>,
}

impl Found {
    /// Reads result files; one that is not there was not come to.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub fn read(paths: &[PathBuf]) -> Result<Self, Failure> {
        let mut found = Self::default();
        for path in paths.iter().filter(|path| path.exists()) {
            let text = fs::read_to_string(path).map_err(|error| Failure::file(path, &error))?;
            for line in text.lines() {
                let mut fields = line.splitn(4, '\t').map(str::to_owned);
                found.lines.push(std::array::from_fn(|_| fields.next().unwrap_or_default()));
            }
        }
        Ok(found)
    }

    /// What went otherwise.
    pub fn bad(&self) -> impl Iterator<Item = String> + '_ {
        let bad = self.lines.iter().filter(|[_, verdict, ..]| verdict == "bad");
        bad.map(|[feature, _, name, what]| format!("{feature}: {name}: {what}"))
    }

    /// A cell of the table: how many of how many went well, `n: cannot` where the engine has no way, a dash where nothing was tried.
    pub fn cell(&self, feature: &str) -> String {
        let count = |verdict: &str| {
            self.lines.iter().filter(|[of, said, ..]| of == feature && said == verdict).count()
        };
        let (good, bad, cannot) = (count("good"), count("bad"), count("cannot"));
        match (good + bad, cannot) {
            (0, 0) => "–".to_owned(),
            (tried, 0) => format!("{good}/{tried}"),
            (0, cannot) => format!("{cannot} cannot"),
            (tried, cannot) => format!("{good}/{tried}, {cannot} cannot"),
        }
    }
}
