//! Compiling in a child: each limit is met and named, and code is compiled once for all runs.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use knosc_runner::engine::RuntimeConfig;
use knosc_runner::net::ClientConfig;
use knosc_runner::platform::compile::{
    COMPILE_WORKER, CompileError, CompileLimit, CompileLimits, Compiler,
};
use knosc_runner::platform::tenants::Tenants;
use knosc_runner::platform::{PipelineEnd, Platform, PlatformConfig, Submission, SubmitError};
use tempfile::TempDir;

use crate::guest;
use crate::in_memory::InMemory;

const TENANTS: &str = "
[[tenant]]
name = 'acme'
origin = 'https://acme.knosc.com'
username = { env = 'U' }
password = { env = 'P' }
";

fn tenants(compile: &str) -> Tenants {
    let text = format!("[compile]\n{compile}\n{TENANTS}");
    Tenants::parse(Path::new("tenants.toml"), &text).unwrap()
}

pub(crate) fn runner() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_knosc-runner"))
}

/// A platform whose operator wrote these lines below `[compile]`.
pub(crate) fn platform(folder: &Path, program: PathBuf, compile: &str) -> Platform {
    Platform::new(PlatformConfig {
        importer: RuntimeConfig::default(),
        tenants: tenants(compile),
        compiler: Compiler::Child { program },
        cache_dir: folder.join("cache"),
        scratch_dir: folder.to_owned(),
        journals: Arc::new(InMemory),
        client: ClientConfig::default(),
        sign_ins: None,
        threads: 1,
        audit_file: None,
    })
    .unwrap()
}

async fn end(platform: &Platform, component: Vec<u8>) -> Result<PipelineEnd, CompileError> {
    let submission =
        Submission { component, inputs: Vec::new(), settings: Vec::new(), limits: None };
    match platform.submit("acme", submission).await {
        Ok(run) => Ok(run.report().await.end),
        Err(SubmitError::Compile(error)) => Err(error),
        Err(error) => panic!("{error}"),
    }
}

/// A component that takes many seconds and much memory to compile: one function, and nothing in it that could be left out.
fn large() -> Vec<u8> {
    let mut body = String::new();
    for line in 0..30_000 {
        _ = write!(
            body,
            "(if (i32.lt_u (local.get 0) (i32.const {line})) (then (local.set 1 (i32.mul (i32.add (local.get 1) (local.get 0)) (i32.load (i32.add (local.get 1) (i32.const {line})))))))"
        );
    }
    let function = format!("(func (param i32 i32) (result i32) {body} (local.get 1))");
    guest::with_fields(&function, guest::OK)
}

/// Machine code of the tenant's components, and what is half written.
fn files(folder: &Path) -> Vec<String> {
    let names = std::fs::read_dir(folder.join("cache/acme")).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let is_code = |name: &String| {
        let extension = Path::new(name).extension();
        extension.is_some_and(|extension| extension == "cwasm" || extension == "part")
    };
    names.filter(is_code).collect()
}

async fn refused(component: Vec<u8>, compile: &str) -> CompileError {
    let folder = TempDir::new().unwrap();
    let platform = platform(folder.path(), runner(), compile);
    let error = end(&platform, component).await.unwrap_err();
    assert_eq!(files(folder.path()), [] as [String; 0], "no code is kept of it");
    error
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_limit_of_compiling_is_met_and_named() {
    let component = large();
    for (limit, compile, said) in [
        (
            CompileLimit::Memory,
            "memory = '128 MiB'",
            "compiling it takes more than 128 MiB of memory",
        ),
        (CompileLimit::Cpu, "cpu = '1s'", "compiling it takes more than 1 s of computing"),
        (CompileLimit::Wall, "wall = '100ms'", "compiling it takes more than 0.1 s"),
    ] {
        let error = refused(component.clone(), compile).await;
        assert_eq!(error, CompileError::Limit { limit, limits: tenants(compile).compile() });
        assert_eq!(error.to_string(), said);
        assert!(error.hint().contains("[compile]"), "{}", error.hint());
    }
    // It is the component that is too large, and not the child.
    let folder = TempDir::new().unwrap();
    let narrow = platform(folder.path(), runner(), "memory = '128 MiB'");
    assert!(end(&narrow, guest::running(guest::OK)).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_machine_code_than_may_be_is_not_taken() {
    let folder = TempDir::new().unwrap();
    let small = "code = '1 KiB'";
    let platform = platform(folder.path(), runner(), small);
    let error = end(&platform, guest::running(guest::OK)).await;
    let limits = tenants(small).compile();
    assert_eq!(error, Err(CompileError::Limit { limit: CompileLimit::Code, limits }));
    // What the operator writes holds from the next submission on.
    platform.reload(tenants(""));
    assert!(end(&platform, guest::running(guest::OK)).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn compiled_code_is_kept_up_to_a_bound_and_the_oldest_goes_first() {
    let folder = TempDir::new().unwrap();
    let cache = folder.path().join("cache/acme");
    let names = || -> BTreeSet<String> { files(folder.path()).into_iter().collect() };
    let component = |number: usize| guest::with_fields(&"(func)".repeat(number), guest::OK);
    let all = platform(folder.path(), runner(), "");
    let mut made = Vec::new();
    for number in 0..3 {
        let before = if number == 0 { BTreeSet::new() } else { names() };
        end(&all, component(number)).await.unwrap();
        made.extend(names().difference(&before).cloned());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // The first is used again: of the three it is not the oldest any more.
    end(&all, component(0)).await.unwrap();
    let of = |name: &String| std::fs::metadata(cache.join(name)).unwrap().len();
    let bytes: u64 = made.iter().map(of).sum::<u64>() + 1_000;
    let bounded = platform(folder.path(), runner(), &format!("kept = '{bytes} B'"));
    end(&bounded, component(3)).await.unwrap();
    let kept = names();
    let there: Vec<bool> = made.iter().map(|name| kept.contains(name)).collect();
    assert_eq!((kept.len(), there), (3, vec![true, false, true]));
    // Nothing but what runs now.
    let none = platform(folder.path(), runner(), "kept = '0 B'");
    end(&none, component(4)).await.unwrap();
    assert_eq!(names().len(), 1);
    assert!(names().is_disjoint(&kept));
}

/// A program that does something else than compile.
fn script(folder: &Path, text: &str) -> PathBuf {
    let path = folder.join("script");
    std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).unwrap();
    path
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_child_that_ends_without_a_limit_is_told_from_one_that_met_one() {
    let here = runner().display().to_string();
    for (text, expected) in [
        // The runner itself, with figures that it cannot set.
        (format!("{COMPILE_WORKER}=much exec '{here}'"), "the compiler cannot limit itself"),
        ("echo no room >&2; exit 4".to_owned(), "the compiler cannot limit itself"),
        ("exit 1".to_owned(), "the compiler cannot be run"),
        ("kill -9 $$".to_owned(), "the compiler ended in the middle of its work: signal: 9"),
        ("echo hm >&2; exit 101".to_owned(), "the compiler ended in the middle of its work: exit"),
        ("echo no outline".to_owned(), "the compiler ended in the middle of its work: its answer"),
        (
            format!("case ${COMPILE_WORKER} in admit*) exec '{here}';; esac; echo no machine code"),
            "compiled code cannot be kept",
        ),
    ] {
        let folder = TempDir::new().unwrap();
        let program = script(folder.path(), &text);
        let platform = platform(folder.path(), program, "");
        let error = end(&platform, guest::running(guest::OK)).await.unwrap_err();
        assert!(error.to_string().starts_with(expected), "{text}: {error}");
        assert!(!error.hint().is_empty());
    }
    let folder = TempDir::new().unwrap();
    let missing = platform(folder.path(), "/no/such/program".into(), "");
    let error = end(&missing, guest::running(guest::OK)).await.unwrap_err();
    assert!(matches!(&error, CompileError::Worker(message) if message.contains("/no/such/")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_compiled_once_is_taken_from_a_cache_that_is_its_owners_alone() {
    let folder = TempDir::new().unwrap();
    let (well, cache) = (Ok(PipelineEnd::Returned(Ok(String::new()))), folder.path().join("cache"));
    let compiling = platform(folder.path(), runner(), "");
    assert_eq!(end(&compiling, guest::running(guest::OK)).await, well);
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let files = || -> Vec<PathBuf> {
        files(folder.path()).iter().map(|name| cache.join("acme").join(name)).collect()
    };
    let kept = files();
    assert_eq!((kept.len(), mode(&cache), mode(&kept[0])), (1, 0o700, 0o600));

    // A compiler that is not there is not missed, by another process either.
    let reading = platform(folder.path(), "/no/such/program".into(), "");
    assert_eq!(end(&reading, guest::running(guest::OK)).await, well);
    // Other bytes are other code.
    let other = guest::with_fields("(func)", guest::OK);
    assert!(matches!(end(&reading, other.clone()).await, Err(CompileError::Worker(_))));
    assert_eq!(end(&compiling, other).await, well);
    assert_eq!(files().len(), 2);

    // What others may read or write is not run.
    std::fs::set_permissions(&kept[0], std::fs::Permissions::from_mode(0o644)).unwrap();
    let error = end(&reading, guest::running(guest::OK)).await;
    assert!(matches!(error, Err(CompileError::Worker(_))), "{error:?}");
    std::fs::set_permissions(&cache, std::fs::Permissions::from_mode(0o755)).unwrap();
    let error = end(&compiling, guest::running(guest::OK)).await;
    assert!(matches!(error, Err(CompileError::Cache(_))), "{error:?}");
}

/// The marker alone makes no worker of a command: somebody's environment may hold anything.
#[test]
fn a_command_with_arguments_is_no_worker() {
    let ended = std::process::Command::new(runner())
        .env(COMPILE_WORKER, CompileLimits::default().memory_bytes.to_string())
        .arg("--version")
        .output()
        .unwrap();
    assert!(ended.status.success());
    assert!(String::from_utf8(ended.stdout).unwrap().starts_with("knosc-runner "));
}

/// A program that writes a line for each child that it is started as.
fn counting(folder: &Path) -> PathBuf {
    let (here, log) = (runner().display().to_string(), folder.join("started"));
    script(folder, &format!("echo ${COMPILE_WORKER} >> '{}'; exec '{here}'", log.display()))
}

fn started(folder: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(folder.join("started")).unwrap_or_default();
    text.lines().map(|line| line.split(' ').next().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_compiled_is_tried_once_per_limits() {
    let folder = TempDir::new().unwrap();
    let component = guest::running(guest::OK);
    let small = platform(folder.path(), counting(folder.path()), "code = '1 KiB'");
    for _ in 0..3 {
        let error = end(&small, component.clone()).await.unwrap_err();
        assert!(matches!(error, CompileError::Limit { limit: CompileLimit::Code, .. }), "{error}");
    }
    assert_eq!(started(folder.path()), ["admit", "compile"]);
    // Another process knows it too, and with another limit it is tried again.
    let again = platform(folder.path(), counting(folder.path()), "code = '1 KiB'");
    assert!(end(&again, component.clone()).await.is_err());
    assert_eq!(started(folder.path()), ["admit", "compile"]);
    again.reload(tenants(""));
    assert!(end(&again, component.clone()).await.is_ok());
    assert!(end(&again, component).await.is_ok());
    assert_eq!(started(folder.path()), ["admit", "compile", "compile"]);
}
