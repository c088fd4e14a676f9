//! Secrets of a tenant are in nothing that its pipelines, its logs or its reports show: canaries, searched for everywhere.

use std::io;
use std::sync::{Arc, Mutex};

use knosc_runner::engine::RuntimeConfig;
use knosc_runner::net::ClientConfig;
use knosc_runner::platform::compile::Compiler;
use knosc_runner::platform::tenants::Tenants;
use knosc_runner::platform::{
    JobCall, PipelineEnd, PipelineReport, Platform, PlatformConfig, Submission,
};
use local_knosc::{TenantConfig, UserConfig};
use tracing_subscriber::fmt::MakeWriter;

use crate::kept::Kept;
use crate::peer::Peer;
use crate::recorder::Recorder;
use crate::template;

const PASSWORD: &str = "canary-of-the-password";
const TOKEN: &str = "canary-of-the-erp";
/// Base32 of a canary.
const ONE_TIME: &str = "MNQW4YLSPEWW6ZRNORUGKLLTMVRXEZLU";

/// Uploads a file, asks its own origin with the operator's token and keeps the answer's headers, fails at both, and then shows all
/// of its memory.
const BODY: &str = r"
  (call $create (i32.const 512) (i32.const 5) (i32.const 32))
  (call $write (i32.load (i32.const 36)) (i32.const 0) (i32.const 1024) (i32.const 48))
  (call $finish (i32.load (i32.const 36)) (i32.const 40))
  (call $upload (i32.const 800) (i32.const 6) (i32.load (i32.const 44)) (i32.const 832))
  (if (i32.load8_u (i32.const 832)) (then (unreachable)))
  (i32.store (i32.const 300) (i32.const 800)) (i32.store (i32.const 304) (i32.const 6))
  (i32.store (i32.const 308) (i32.const 512)) (i32.store (i32.const 312) (i32.const 5))
  (call $poll-jobs (i32.const 300) (i32.const 1) (i32.const 832))
  (global.set $f (call $ask (i32.const 560) (i32.const 5) (i32.const 640) (global.get $granted-len)))
  (call $block (call $answered (global.get $f)))
  (call $answer (global.get $f) (i32.const 256))
  (if (i32.load8_u (i32.const 272)) (then (unreachable)))
  (call $entries (call $headers (i32.load (i32.const 280))) (i32.const 320))
  (drop (call $ask (i32.const 560) (i32.const 5) (i32.const 704) (global.get $denied-len)))
  (call $environment (i32.const 352))
  (global.set $out (call $stdout))
  (loop $l
    (call $print (global.get $out) (global.get $at) (i32.const 4096) (i32.const 340))
    (global.set $at (i32.add (global.get $at) (i32.const 4096)))
    (br_if $l (i32.lt_u (global.get $at) (i32.mul (memory.size) (i32.const 65536)))))
  (i32.const 16)
";

const FIELDS: &str = r#"
  (data (i32.const 560) "/well") (data (i32.const 800) "demand") (data (i32.const 2048) "planted-canary")
  (data (i32.const 1016) "\0a1\0a")
  (global $f (mut i32) (i32.const 0)) (global $out (mut i32) (i32.const 0)) (global $at (mut i32) (i32.const 0))
"#;

/// Every log line of the process, traces included.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

fn knosc() -> local_knosc::Running {
    let user = UserConfig {
        totp_secret: Some(ONE_TIME.to_owned()),
        ..UserConfig::new("canary@acme.test", PASSWORD)
    };
    let tenants = vec![TenantConfig { name: "acme".to_owned(), users: vec![user] }];
    local_knosc::spawn(local_knosc::Config { tenants, ..local_knosc::Config::default() }).unwrap()
}

fn platform(folder: &tempfile::TempDir, knosc: &str, erp: &str, journals: Arc<Kept>) -> Platform {
    let secret = |name: &str, value: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, value).unwrap();
        format!("{{ file = '{}' }}", path.display())
    };
    let text = format!(
        "[limits]\nlog = \"64 MiB\"\n[[tenant]]\nname = \"acme\"\norigin = \"{knosc}\"\nusername = {}\npassword = {}\none-time-secret = {}\n[[tenant.egress]]\norigin = \"http://{erp}\"\nmethods = [\"GET\"]\npaths = [\"/\"]\nheader.authorization = {}\n",
        secret("username", "canary@acme.test"),
        secret("password", PASSWORD),
        secret("one-time", ONE_TIME),
        secret("token", TOKEN),
    );
    Platform::new(PlatformConfig {
        importer: RuntimeConfig::default(),
        tenants: Tenants::parse(&folder.path().join("tenants.toml"), &text).unwrap(),
        compiler: Compiler::InProcess,
        cache_dir: folder.path().join("cache"),
        scratch_dir: folder.path().to_owned(),
        journals,
        client: ClientConfig::default(),
        sign_ins: None,
        threads: 1,
        audit_file: Some(folder.path().join("audit")),
    })
    .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn canaries_are_in_no_memory_log_journal_or_report() {
    let lines = Lines::default();
    tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_ansi(false)
        .with_writer(lines.clone())
        .init();
    let folder = tempfile::tempdir().unwrap();
    let knosc = knosc();
    let (recorder, erp) = (Recorder::before(knosc.address()), Peer::start());
    let journals = Arc::<Kept>::default();
    let platform = platform(&folder, recorder.url(), erp.authority(), Arc::clone(&journals));
    let knosc_itself = recorder.url().trim_start_matches("http://");
    let text = template::text("", FIELDS, BODY, erp.authority(), knosc_itself);
    let component = wat::parse_str(text).unwrap();
    let submission =
        Submission { component, inputs: Vec::new(), settings: Vec::new(), limits: None };
    let run = platform.submit("acme", submission).await.unwrap();
    let name = run.id().to_owned();
    let report = run.report().await;
    assert_eq!(report.end, PipelineEnd::Returned(Ok(String::new())), "{report:?}");
    assert!(matches!(report.calls[..], [JobCall::Upload(_), ..]), "{:?}", report.calls);
    assert_eq!(erp.accepted(), 1);
    assert!(erp.heads().iter().any(|head| head.contains(TOKEN)), "the operator's token was sent");

    let events = format!("{:?}", journals.events());
    let logged = String::from_utf8_lossy(&lines.0.lock().unwrap()).into_owned();
    let memory = memory(&report);
    let shown = format!("{report:?} {platform:?} {:?}", platform.counters());
    let audit = std::fs::read_to_string(folder.path().join("audit")).unwrap();
    for line in ["RUN admitted \"", "- signing-in \"", "RUN denied \"knosc: "] {
        let line = format!(" acme {}", line.replace("RUN", &name));
        assert!(audit.contains(&line), "{line}: {audit}");
    }
    let span = format!("run{{tenant=\"acme\" run=\"{name}\"}}");
    let in_a_span = logged.lines().any(|line| line.contains(&span));
    assert!(in_a_span, "{logged}");
    let inside = ":call{what=\"upload\"}:step{index=0}:request{method=POST}: ";
    assert!(logged.contains(&format!("{span}{inside}")), "no line of a request in its step");
    let counted = platform.counters().prometheus();
    assert!(counted.contains("knosc_upload_bytes_total{tenant=\"acme\"} 1024\n"), "{counted}");
    let places = [
        ("audit", audit),
        ("memory", memory),
        ("log", logged),
        ("journal", events),
        ("report", shown),
    ];
    // That the search finds something where there is something.
    assert!(places[1].1.contains("planted-canary") && places[3].1.len() > 100, "{}", places[3].1);
    let mut secrets = recorder.secrets();
    assert!(secrets.len() >= 2, "cookies and tokens: {}", secrets.len());
    secrets.extend([PASSWORD, TOKEN, ONE_TIME, "peer=1"].map(str::to_owned));
    for (place, text) in &places {
        for secret in &secrets {
            assert!(!text.contains(secret.as_str()), "{secret} is in the {place}");
        }
    }
}

/// What the pipeline wrote: all of its memory. A line that was cut goes on in the next.
fn memory(report: &PipelineReport) -> String {
    assert_eq!(report.log.dropped_bytes, 0);
    report.log.lines.iter().map(|line| line.text.as_str()).collect()
}
