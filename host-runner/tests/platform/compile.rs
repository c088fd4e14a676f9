//! Compiling in a child: each limit is met and named, and code is compiled once for all runs.

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

fn runner() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_knosc-runner"))
}

fn platform(folder: &Path, program: PathBuf, limits: CompileLimits) -> Platform {
    Platform::new(PlatformConfig {
        importer: RuntimeConfig::default(),
        tenants: Tenants::parse(Path::new("tenants.toml"), TENANTS).unwrap(),
        compiler: Compiler::Child { program, limits },
        cache_dir: folder.join("cache"),
        scratch_dir: folder.to_owned(),
        journals: Arc::new(InMemory),
        client: ClientConfig::default(),
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

async fn refused(component: Vec<u8>, limits: CompileLimits) -> CompileError {
    let folder = TempDir::new().unwrap();
    let platform = platform(folder.path(), runner(), limits);
    let error = end(&platform, component).await.unwrap_err();
    let kept = std::fs::read_dir(folder.path().join("cache")).unwrap().count();
    assert_eq!(kept, 0, "nothing is kept of it");
    error
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_limit_of_compiling_is_met_and_named() {
    let usual = CompileLimits::default();
    let component = large();
    for (limit, limits, said) in [
        (
            CompileLimit::Memory,
            CompileLimits { memory_bytes: 128 << 20, ..usual },
            "compiling it takes more than 128 MiB of memory",
        ),
        (
            CompileLimit::Cpu,
            CompileLimits { cpu_seconds: 1, ..usual },
            "compiling it takes more than 1 s of computing",
        ),
        (
            CompileLimit::Wall,
            CompileLimits { wall: Duration::from_millis(100), ..usual },
            "compiling it takes more than 0.1 s",
        ),
    ] {
        let error = refused(component.clone(), limits).await;
        assert_eq!(error, CompileError::Limit { limit, limits });
        assert_eq!(error.to_string(), said);
    }
    // It is the component that is too large, and not the child.
    let folder = TempDir::new().unwrap();
    let narrow =
        platform(folder.path(), runner(), CompileLimits { memory_bytes: 128 << 20, ..usual });
    assert!(end(&narrow, guest::running(guest::OK)).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_machine_code_than_may_be_is_not_taken() {
    let folder = TempDir::new().unwrap();
    let limits = CompileLimits { code_bytes: 1_000, ..CompileLimits::default() };
    let error = end(&platform(folder.path(), runner(), limits), guest::running(guest::OK)).await;
    assert_eq!(error, Err(CompileError::Limit { limit: CompileLimit::Code, limits }));
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
        ("echo no machine code".to_owned(), "compiled code cannot be kept"),
    ] {
        let folder = TempDir::new().unwrap();
        let program = script(folder.path(), &text);
        let platform = platform(folder.path(), program, CompileLimits::default());
        let error = end(&platform, guest::running(guest::OK)).await.unwrap_err();
        assert!(error.to_string().starts_with(expected), "{text}: {error}");
        assert!(!error.hint().is_empty());
    }
    let folder = TempDir::new().unwrap();
    let missing = platform(folder.path(), "/no/such/program".into(), CompileLimits::default());
    let error = end(&missing, guest::running(guest::OK)).await.unwrap_err();
    assert!(matches!(&error, CompileError::Worker(message) if message.contains("/no/such/")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_compiled_once_is_taken_from_a_cache_that_is_its_owners_alone() {
    let folder = TempDir::new().unwrap();
    let (well, cache) = (Ok(PipelineEnd::Returned(Ok(String::new()))), folder.path().join("cache"));
    let compiling = platform(folder.path(), runner(), CompileLimits::default());
    assert_eq!(end(&compiling, guest::running(guest::OK)).await, well);
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let files = || -> Vec<PathBuf> {
        std::fs::read_dir(&cache).unwrap().map(|entry| entry.unwrap().path()).collect()
    };
    let kept = files();
    assert_eq!((kept.len(), mode(&cache), mode(&kept[0])), (1, 0o700, 0o600));

    // A compiler that is not there is not missed, by another process either.
    let reading = platform(folder.path(), "/no/such/program".into(), CompileLimits::default());
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
