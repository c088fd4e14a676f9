//! Components that cost their validator all memory: a child pays for it, and the host neither grows nor stands still.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use knosc_runner::platform::SubmitError;
use knosc_runner::platform::admission::Refused;
use knosc_runner::platform::compile::{CompileError, CompileLimit};
use tempfile::TempDir;

use crate::compile::{platform, runner};
use crate::guest;

const MIB: u64 = 1024 * 1024;

fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap();
    status.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4_096
}

/// So many components, each with one type of a component that exports a thousand functions, and nine hundred instances of it.
fn one_type_many_instances(components: usize) -> Vec<u8> {
    let mut text = "(component (type $t (component".to_owned();
    for number in 0..1_000 {
        _ = write!(text, "(export \"f{number}\" (func))");
    }
    text.push_str("))(import \"c\" (component $c (type $t)))");
    text.push_str(&"(instance (instantiate $c))".repeat(900));
    guest::binary(&format!("(component {})", format!("{text})").repeat(components)))
}

/// A module with so many types, none of which is like another.
fn many_types(count: u32) -> Vec<u8> {
    let number = |mut value: u32| {
        let mut bytes = Vec::new();
        while value >= 0x80 {
            bytes.push(u8::try_from(value & 0x7f).unwrap() | 0x80);
            value >>= 7;
        }
        bytes.push(u8::try_from(value).unwrap());
        bytes
    };
    let section = |id: u8, content: &[u8]| {
        let length = number(u32::try_from(content.len()).unwrap());
        [&[id][..], &length, content].concat()
    };
    let mut types = number(count);
    for distinct in 0..count {
        // Ten parameters, each one of four: the digits of its number.
        types.extend([0x60, 10]);
        types.extend(
            (0..10).map(|digit| 0x7c + u8::try_from((distinct >> (2 * digit)) & 3).unwrap()),
        );
        types.push(0);
    }
    let module = [&b"\0asm\x01\0\0\0"[..], &section(1, &types)].concat();
    [&b"\0asm\x0d\0\x01\0"[..], &section(1, &module)].concat()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_costly_component_costs_the_host_nothing() {
    let folder = TempDir::new().unwrap();
    let compile = "admission-memory = '256 MiB'\ndeclared-instances = 5000\ntypes = 1000000";
    let platform = platform(folder.path(), runner(), compile);
    let _ = platform.check("acme", &guest::running(guest::OK)).await.unwrap();
    for (name, component) in
        [("instances", one_type_many_instances(4)), ("types", many_types(900_000))]
    {
        let (before, began) = (resident(), Instant::now());
        let (mut grown, mut longest, mut last) = (0, Duration::ZERO, Instant::now());
        let checking = platform.check("acme", &component);
        tokio::pin!(checking);
        let error = loop {
            tokio::select! {
                checked = &mut checking => break checked.unwrap_err(),
                () = tokio::time::sleep(Duration::from_millis(5)) => {}
            }
            grown = grown.max(resident().saturating_sub(before));
            longest = longest.max(last.elapsed());
            last = Instant::now();
        };
        println!(
            "{name}: {} KiB, {error}, after {:?}; host {} MiB more, a turn {longest:?}",
            component.len() / 1_024,
            began.elapsed(),
            grown / MIB
        );
        let SubmitError::Compile(CompileError::Limit { limit, .. }) = &error else {
            panic!("{name}: {error}")
        };
        assert_eq!(*limit, CompileLimit::AdmissionMemory, "{name}");
        assert!(error.hint().contains("[compile] admission-memory"), "{}", error.hint());
        // The bytes themselves are copied once, and other tests run in this process.
        assert!(grown < 100 * MIB, "{name}: {} MiB", grown / MIB);
        assert!(longest < Duration::from_secs(2), "{name}: {longest:?}");
        // Known by its digest now.
        let began = Instant::now();
        assert!(platform.check("acme", &component).await.is_err());
        assert!(began.elapsed() < Duration::from_secs(2), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_declares_too_much_starts_no_child() {
    let folder = TempDir::new().unwrap();
    let platform = platform(folder.path(), "/no/such/program".into(), "");
    for (component, limit) in [
        (one_type_many_instances(4), CompileLimit::DeclaredInstances),
        (many_types(900_000), CompileLimit::Types),
    ] {
        let error = platform.check("acme", &component).await.unwrap_err();
        let SubmitError::Refused(Refused::Shape { limit: met, .. }) = &error else {
            panic!("{error}")
        };
        assert_eq!(*met, limit);
        let hint = error.hint();
        assert!(hint.contains(&format!("[compile] {limit} = ")), "{hint}");
    }
}
