//! `cargo xtask test`: every test of the workspace, the quick ones first, and by name what was not run.

use xtask::{
    Failure,
    components::{self, Kind, cargo},
    machine::{self, REQUIRE_ALL, TOOLS, Tool},
    place,
};

use super::{Steps, run as run_command};

/// Tests of the pure core and of the tree: neither wasm nor sockets, seconds once compiled.
const PURE: [&str; 9] =
    ["protocol", "plan", "run", "admission", "refresh", "words", "growth", "sim", "tidy"];

struct Options {
    require_all: bool,
    except: Vec<Tool>,
}

pub(crate) fn run(words: &[&str]) -> Result<(), Failure> {
    let options = options(words)?;
    let missing: Vec<Tool> = TOOLS.into_iter().filter(|tool| !tool.is_there()).collect();
    let required = |tool: &&Tool| options.require_all && !options.except.contains(tool);
    if let Some(tool) = missing.iter().find(required) {
        let what = format!("{} is missing, which {} need", tool.name, tool.tests);
        return Err(Failure::new(what).hint(tool.install));
    }
    let target = place::target()?;
    let mut steps = Steps::new(4);
    steps.step("this machine: the wasm target, once, 30 MB", machine::set_up)?;
    steps.step("both components: once, about 2 min on two cores, 200 MB", || {
        Kind::ALL.into_iter().try_for_each(|kind| components::build(kind).map(drop))
    })?;
    let test = || {
        let mut test = cargo();
        test.arg("test").arg("--target-dir").arg(&target).args(["--workspace", "--no-fail-fast"]);
        test
    };
    steps.step("the pure core and the tree: once, about 2 min on two cores, 400 MB", || {
        let mut pure = test();
        pure.args(PURE.iter().flat_map(|name| ["--test", name]));
        run_command(&mut pure)
    })?;
    steps.step("everything: runner and wasmtime, once, about 8 min on two cores, 2 GB", || {
        let mut all = test();
        if options.require_all && missing.is_empty() {
            all.env(REQUIRE_ALL, "1");
        }
        run_command(&mut all)
    })?;
    for tool in &missing {
        println!("not run: {}: {} is not there ({})", tool.tests, tool.name, tool.install);
    }
    Ok(())
}

fn options(words: &[&str]) -> Result<Options, Failure> {
    let mut options = Options { require_all: false, except: Vec::new() };
    let mut words = words.iter();
    while let Some(&word) = words.next() {
        match word {
            "--require-all" => options.require_all = true,
            "--except" => {
                let name = words.next().copied().unwrap_or_default();
                let unknown = || Failure::new(format!("--except {name}: no such tool"));
                options.except.push(Tool::named(name).ok_or_else(unknown)?);
            }
            other => {
                return Err(
                    Failure::new(format!("test: what is {other}?")).hint("cargo xtask help")
                );
            }
        }
    }
    Ok(options)
}
