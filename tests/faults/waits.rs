//! What drips, and what is refused before the body: F63 to F68. Every wait ends, and what did not leave was not accepted.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use integration_tests::proxy::{Act, Upto, Which};
use knosc_bulk_import::fault::Fault;
use knosc_runner::credentials::{Credentials, Secret, StaticCredentials};
use knosc_runner::net::{ClientConfig, Timeouts};
use knosc_runner::tenant::{Tenant, TenantConfig};
use local_knosc::DEFAULT_TENANT;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::setup::{LONG, Trial, large, units};

/// Of an answer, head and body.
const TOTAL: Duration = Duration::from_millis(600);

/// Between two bytes: far less than what counts as idle.
const DRIP: Duration = Duration::from_millis(50);

fn timeouts() -> Timeouts {
    Timeouts { answer_total: Some(TOTAL), ..Timeouts::default() }
}

/// A byte after the other, for longer than anybody waits.
fn dripping(before: impl IntoIterator<Item = Act>, status: &str) -> Vec<Act> {
    let head = format!("HTTP/1.1 {status}\r\ncontent-length: 9000\r\n\r\n");
    let byte = || [Act::Wait(DRIP), Act::Say(b" ".to_vec(), 1)];
    let drips = std::iter::repeat_with(byte).take(60).flatten();
    before.into_iter().chain([Act::Say(head.into_bytes(), 1)]).chain(drips).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn f63_a_dripping_answer_after_the_seal_is_unknown_in_time() {
    let trial = Trial { timeouts: timeouts(), ..Trial::new().await };
    let script = dripping([Act::Take(Upto::Whole), Act::Hear], "200 OK");
    trial.proxy.once(Which::Upload, script);
    trial.send(units()).await.assert_unknown(1);
}

#[tokio::test(flavor = "multi_thread")]
async fn f63_a_dripping_refusal_before_the_seal_is_incomplete() {
    let trial = Trial { timeouts: timeouts(), ..Trial::new().await };
    let script = dripping([Act::Take(Upto::Bytes(64 << 10))], "503 Busy");
    trial.proxy.once(Which::Upload, script);
    trial.send(large()).await.assert_safe();
}

#[tokio::test(flavor = "multi_thread")]
async fn f64_a_dripping_poll_is_made_again() {
    let trial = Trial { timeouts: timeouts(), ..Trial::new().await };
    trial.proxy.times(2, Which::Poll, dripping([Act::Swallow(Upto::Whole)], "200 OK"));
    let verdict = trial.send(units()).await;
    verdict.assert_completed();
    assert_eq!(verdict.uploads.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn f65_a_dripping_renewal_sends_no_file() {
    let trial = Trial { timeouts: timeouts(), ..Trial::new().await };
    trial.knosc.model().expire_sessions(DEFAULT_TENANT, false);
    trial.proxy.times(9, Which::Renewal, dripping([Act::Swallow(Upto::Whole)], "200 OK"));
    let verdict = trial.send(units()).await;
    assert!(matches!(verdict.fault(), Fault::PermanentUnauthorized(_)), "{verdict:?}");
    assert!(verdict.uploads.is_empty(), "{verdict:?}");
}

/// A peer that drips whatever it is asked.
async fn drips() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                _ = stream.read(&mut [0; 4096]).await;
                _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9000\r\n\r\n").await;
                while stream.write_all(b" ").await.is_ok() {
                    tokio::time::sleep(DRIP).await;
                }
            });
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn f66_dripping_sign_ins_and_templates_end() {
    let origin = format!("http://{}", drips().await);
    let tenant = |secret| {
        let credentials: Arc<dyn Credentials> = Arc::new(StaticCredentials::new(secret));
        Tenant::new(TenantConfig {
            name: DEFAULT_TENANT.to_owned(),
            origin: origin.parse().unwrap(),
            client: ClientConfig { timeouts: timeouts(), ..ClientConfig::default() },
            credentials,
        })
        .unwrap()
    };
    let user = Secret::SignIn { username: "a".into(), password: "b".into(), one_time: None };
    let began = Instant::now();
    assert!(tenant(user).sign_in().await.is_err());
    let session = Trial::new().await.session;
    let signed_in = tenant(Secret::Session(session));
    assert!(signed_in.templates().await.is_err());
    assert!(signed_in.template("/templates/units.xlsx").await.is_err());
    assert!(began.elapsed() < LONG, "{:?}", began.elapsed());
}

/// Of a file that Knosc or a proxy refuses by its head alone, not one byte leaves.
#[tokio::test(flavor = "multi_thread")]
async fn f67_a_refusal_before_the_body_leaves_the_file_here() {
    for status in [401, 403, 413] {
        let answer = Act::answer(status, "", r#"{"Message": "No.", "Code": "Some.Reason"}"#);
        let trial = Trial::new().await;
        trial.proxy.times(2, Which::Upload, [Act::Swallow(Upto::Head), answer, Act::Fin]);
        let verdict = trial.send(large()).await;
        verdict.fault();
        assert!(!verdict.sealed, "{verdict:?}");
        for seen in &verdict.uploads {
            assert!(seen.taken < 4096 && seen.answered > 0, "{seen:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f68_a_417_is_asked_once_more_without_expect() {
    let refusal = Act::answer(417, "", "");
    let trial = Trial::of([Act::Swallow(Upto::Head), refusal, Act::Fin]).await;
    let verdict = trial.send(large()).await;
    verdict.assert_completed();
    assert_eq!(verdict.uploads.len(), 2);
    assert!(verdict.uploads[0].taken < 4096, "{verdict:?}");
}
