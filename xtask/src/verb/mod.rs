//! One verb a file, and the numbered steps that they share.

pub(crate) mod bench;
pub(crate) mod demo;
pub(crate) mod dist;
pub(crate) mod engines;
pub(crate) mod faults;
pub(crate) mod sim;
pub(crate) mod test;
pub(crate) mod tried;

use std::{path::Path, process::Command, time::Instant};

use xtask::{
    Failure,
    components::{self, COMPONENT_BYTES_MAX, Kind},
    machine::{self, TOOLS},
};

/// Numbered steps of one verb: each says before it begins what it costs, and afterwards what it took.
pub(crate) struct Steps {
    done: usize,
    total: usize,
}

impl Steps {
    pub(crate) fn new(total: usize) -> Self {
        Self { done: 0, total }
    }

    pub(crate) fn step<T>(
        &mut self,
        what: &str,
        work: impl FnOnce() -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        self.done += 1;
        println!("[{}/{}] {what}", self.done, self.total);
        let began = Instant::now();
        let done = work()?;
        println!("      {:.1} s", began.elapsed().as_secs_f64());
        Ok(done)
    }
}

/// Starts a program with our own stdout and stderr, and wants it to end well.
pub(crate) fn run(command: &mut Command) -> Result<(), Failure> {
    let program = command.get_program().to_owned();
    let line = || {
        let args =
            command.get_args().map(|arg| arg.to_string_lossy()).collect::<Vec<_>>().join(" ");
        format!("{} {args}", Path::new(&program).file_name().unwrap_or(&program).to_string_lossy())
    };
    let line = line();
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Failure::new(format!("`{line}` ended with {status}"))),
        Err(error) => Err(Failure::file(Path::new(&program), &error)),
    }
}

pub(crate) fn set_up() -> Result<(), Failure> {
    machine::set_up()?;
    println!("ready: Rust's {} library, a C compiler", components::TARGET);
    for tool in TOOLS.iter().filter(|tool| !tool.is_there()) {
        println!("not there, only for {}: {} ({})", tool.tests, tool.name, tool.install);
    }
    Ok(())
}

pub(crate) fn build() -> Result<(), Failure> {
    let mut steps = Steps::new(3);
    steps.step("this machine: the wasm target, once, 30 MB", machine::set_up)?;
    for kind in Kind::ALL {
        let what = format!("component `{}`: once about 1 min on two cores", kind.name());
        let built = steps.step(&what, || components::build(kind))?;
        let (path, size) = (built.path.display(), built.size_bytes);
        println!("      {path} ({size} bytes of at most {COMPONENT_BYTES_MAX})");
        for name in &built.names.imports {
            println!("      import {name}");
        }
        for name in &built.names.exports {
            println!("      export {name}");
        }
    }
    Ok(())
}
