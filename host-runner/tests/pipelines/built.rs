//! Builds the examples by the commands of their pages, in folders below `target/`.
//!
//! Leaves nothing in the source.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use xtask::components::{TARGET, cargo};
use xtask::machine::Tool;
use xtask::place;

fn source(language: &str) -> PathBuf {
    place::root().unwrap().join("examples").join("pipelines").join(language)
}

fn target(name: &str) -> PathBuf {
    place::target().unwrap().join("pipelines").join(name)
}

fn run(command: &mut Command) {
    let ended = command.status().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(ended.success(), "{command:?}");
}

fn component(folder: &str) -> Vec<u8> {
    fs::read(target(folder).join(TARGET).join("release").join("erp_pipeline.wasm")).unwrap()
}

/// By plain cargo.
pub(crate) fn rust() -> Vec<u8> {
    let mut build = cargo();
    build.current_dir(source("rust")).args(["build", "--release", "--locked", "--target", TARGET]);
    run(build.arg("--target-dir").arg(target("rust")));
    component("rust")
}

/// By cargo-component, where it is there.
pub(crate) fn rust_by_cargo_component() -> Option<Vec<u8>> {
    if !Tool::is_there_for("cargo-component", "pipelines::cargo_component_builds_the_same_pipeline")
        .unwrap()
    {
        return None;
    }
    let mut build = Command::new("cargo-component");
    build.env_remove("CARGO_ENCODED_RUSTFLAGS").env_remove("CARGO_TARGET_DIR");
    build.current_dir(source("rust")).args(["component", "build", "--release", "--locked"]);
    run(build.args(["--target", TARGET, "--target-dir"]).arg(target("cargo-component")));
    // Bindings that this pipeline does not use.
    let _ = fs::remove_file(source("rust").join("src").join("bindings.rs"));
    Some(component("cargo-component"))
}

/// By componentize-py, where it is there, with the words of the page.
pub(crate) fn python() -> Option<Vec<u8>> {
    if !Tool::is_there_for("componentize-py", "pipelines::the_one_in_python_makes_one_file_of_two")
        .unwrap()
    {
        return None;
    }
    let page = fs::read_to_string(source("python").join("README.md")).unwrap();
    let words = page.lines().find_map(|line| line.strip_prefix("venv/bin/componentize-py "));
    let words = words.and_then(|words| words.strip_suffix("merge.wasm")).unwrap();
    let folder = target("python");
    fs::create_dir_all(&folder).unwrap();
    // The application's folder stays as it is: what Python compiles of it would be left there.
    fs::copy(source("python").join("app.py"), folder.join("app.py")).unwrap();
    let mut build = Command::new("componentize-py");
    build.current_dir(&folder).args(words.split_whitespace().map(|word| match word {
        "../../../wit" => place::root().unwrap().join("wit").into_os_string(),
        word => word.into(),
    }));
    run(build.arg("merge.wasm"));
    Some(fs::read(folder.join("merge.wasm")).unwrap())
}
