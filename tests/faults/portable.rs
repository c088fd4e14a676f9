//! The portable component in stock wasmtime, where a row's verdict differs: its client tells less, and there is no journal.
//!
//! What it says is still true; it says `permanent-outcome-unknown` more often. F07 to F09, F17, F21, F22, F37, F52.

use integration_tests::proxy::{Act, FaultProxy, Upto, Which};
use local_knosc::Running;
use portable_example::importer::{Auth, Connection, Content, File};
use portable_example::types::{Fault, RefreshPair, Session};
use portable_example::{Portable, State, instantiate};
use wasmtime::Store;
use wasmtime_wasi::WasiCtxBuilder;

use crate::setup::{LARGE_BYTES, LONG, UNITS, knosc, session};

struct Stock {
    knosc: Running,
    proxy: FaultProxy,
    store: Store<State>,
    portable: Portable,
}

impl Stock {
    /// One whose next upload meets this script.
    async fn of(script: impl Into<Vec<Act>>) -> Self {
        let stock = Self::new().await;
        stock.proxy.once(Which::Upload, script);
        stock
    }

    async fn new() -> Self {
        let knosc = knosc();
        let proxy = FaultProxy::before(knosc.address()).unwrap();
        let mut wasi = WasiCtxBuilder::new();
        wasi.env("KNOSC_USERNAME", local_knosc::DEFAULT_USER);
        wasi.env("KNOSC_PASSWORD", local_knosc::DEFAULT_PASSWORD);
        let component = knosc_runner::engine::PORTABLE_COMPONENT;
        let (store, portable) = instantiate(component, &mut wasi).await.unwrap();
        Self { knosc, proxy, store, portable }
    }

    /// The verdict, after the check that Knosc would confirm it.
    async fn send(&mut self, content: Vec<u8>) -> &'static str {
        self.send_as(Auth::Environment, content).await
    }

    async fn send_as(&mut self, auth: Auth, content: Vec<u8>) -> &'static str {
        let before = self.accepted();
        let connection = Connection { base_url: self.proxy.url(), auth };
        let file = File {
            trigger: "unit-master".to_owned(),
            name: "units.csv".to_owned(),
            content: Content::Bytes(content),
            sha256: None,
        };
        let importer = self.portable.knosc_bulk_import_importer();
        let call = importer.call_upload(&mut self.store, &connection, &file);
        let answer = tokio::time::timeout(LONG, call).await.expect("the call ends").unwrap();
        assert!(self.proxy.settles_within(LONG), "{:?}", self.proxy.seen());
        let accepted = self.accepted() - before;
        match answer {
            Ok(_) => "accepted",
            Err(Fault::PermanentOutcomeUnknown(_)) => "unknown",
            Err(Fault::Transient(refusal)) => {
                assert_eq!(accepted, 0, "{refusal:?}");
                "transient"
            }
            Err(fault) => {
                assert_eq!(accepted, 0, "{fault:?}");
                "refused"
            }
        }
    }

    /// Methods and paths of what came to the proxy.
    fn asked(&self) -> Vec<String> {
        let seen = self.proxy.seen();
        seen.iter().map(|seen| format!("{} {}", seen.method, seen.path)).collect()
    }

    fn accepted(&self) -> usize {
        self.knosc.model().uploads().len()
    }
}

/// As much as a dynamic host passes as a list, and more than any buffer of a stock host.
fn large() -> Vec<u8> {
    let mut content = UNITS.to_vec();
    content.resize(LARGE_BYTES, b'\n');
    content
}

#[tokio::test(flavor = "multi_thread")]
async fn f07_a_large_upload_cut_in_a_stock_host_is_incomplete() {
    for upto in [Upto::Bytes(1), Upto::Head, Upto::Bytes(64 << 10), Upto::Half] {
        for end in [Act::Fin, Act::Reset] {
            let mut stock = Stock::of([Act::Take(upto), end.clone()]).await;
            assert_eq!(stock.send(large()).await, "transient", "{upto:?} {end:?}");
        }
    }
}

/// A stock host takes a small file whole before it is connected: whatever breaks then may be after the seal.
#[tokio::test(flavor = "multi_thread")]
async fn f07_a_small_upload_cut_in_a_stock_host_is_never_said_to_be_accepted() {
    for upto in [Upto::Bytes(1), Upto::Head, Upto::Half, Upto::AllBut(1)] {
        for end in [Act::Fin, Act::Reset] {
            let mut stock = Stock::of([Act::Take(upto), end.clone()]).await;
            let word = stock.send(UNITS.to_vec()).await;
            assert!(matches!(word, "transient" | "unknown"), "{word} {upto:?} {end:?}");
            assert_eq!(stock.accepted(), 0);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f08_an_answer_that_a_stock_host_does_not_get_is_unknown() {
    for end in [Act::Fin, Act::Reset] {
        let mut stock = Stock::of([Act::Take(Upto::Whole), Act::Hear, end]).await;
        assert_eq!((stock.send(UNITS.to_vec()).await, stock.accepted()), ("unknown", 1));
    }
    let busy = Act::answer(502, "", "<html>busy</html>");
    let mut stock = Stock::of([Act::Take(Upto::Whole), Act::Hear, busy, Act::Fin]).await;
    assert_eq!((stock.send(UNITS.to_vec()).await, stock.accepted()), ("unknown", 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn f17_an_early_answer_to_a_stock_host_is_read_or_the_file_is_incomplete() {
    for status in [413, 502] {
        for end in [Act::Fin, Act::Reset] {
            let answer = Act::answer(status, "connection: close\r\n", "");
            let mut stock = Stock::of([Act::Take(Upto::Bytes(64 << 10)), answer, end]).await;
            let word = stock.send(large()).await;
            assert!(word == "transient" || (status == 413 && word == "refused"), "{status} {word}");
        }
    }
}

/// Without a journal nothing in a call says that it was made before: whoever repeats it sends the file again, and Knosc takes it.
#[tokio::test(flavor = "multi_thread")]
async fn f37_a_call_that_an_engine_repeats_is_a_second_upload() {
    let mut stock = Stock::of([Act::Take(Upto::Whole), Act::Hear, Act::Reset]).await;
    assert_eq!((stock.send(UNITS.to_vec()).await, stock.accepted()), ("unknown", 1));
    assert_eq!((stock.send(UNITS.to_vec()).await, stock.accepted()), ("accepted", 2));
}

const PROOF: &str = "GET /api/validate-privileges?path=/item-master";

/// How old a session is that was passed in is not known: a question proves it before the file leaves. One that was just made
/// needs none.
#[tokio::test(flavor = "multi_thread")]
async fn f52_a_session_that_was_passed_in_is_proven_before_the_file_leaves() {
    let mut stock = Stock::new().await;
    assert_eq!(stock.send(UNITS.to_vec()).await, "accepted");
    assert_eq!(stock.asked(), ["POST /api/authenticate", "POST /api/job/unit-master"]);

    let session = session(&stock.knosc).await;
    let passed = || {
        let refresh = session.refresh.clone();
        Auth::Session(Session {
            access_token: session.access_token.clone(),
            csrf_token: session.csrf_token.clone(),
            refresh: refresh
                .map(|pair| RefreshPair { token: pair.token, csrf_token: pair.csrf_token }),
        })
    };
    let mut stock = Stock { proxy: FaultProxy::before(stock.knosc.address()).unwrap(), ..stock };
    assert_eq!(stock.send_as(passed(), UNITS.to_vec()).await, "accepted");
    assert_eq!(stock.asked(), [PROOF, "POST /api/job/unit-master"]);

    // Renewed where it can be, before anything leaves.
    stock.knosc.model().expire_sessions(local_knosc::DEFAULT_TENANT, false);
    let mut stock = Stock { proxy: FaultProxy::before(stock.knosc.address()).unwrap(), ..stock };
    assert_eq!(stock.send_as(passed(), UNITS.to_vec()).await, "accepted");
    let renewed = [PROOF, "POST /api/token-refresh", PROOF];
    assert_eq!(stock.asked()[..3], renewed);
    assert_eq!(stock.asked()[3..], ["POST /api/job/unit-master"]);

    // And where it cannot be, nothing leaves.
    stock.knosc.model().expire_sessions(local_knosc::DEFAULT_TENANT, true);
    let posts = stock.knosc.model().upload_posts();
    assert_eq!(stock.send_as(passed(), UNITS.to_vec()).await, "refused");
    assert_eq!(stock.knosc.model().upload_posts(), posts);
}

/// Anything but a refusal of the session says nothing of the upload.
#[tokio::test(flavor = "multi_thread")]
async fn f52_other_answers_to_the_proof_stop_no_upload() {
    let page = Act::answer(503, "", "<html>busy</html>");
    for script in [vec![page], vec![Act::Reset], vec![Act::answer(404, "", "")]] {
        let mut stock = Stock::new().await;
        let script: Vec<Act> = [Act::Swallow(Upto::Whole)].into_iter().chain(script).collect();
        stock.proxy.once(Which::Proof, script);
        let session = session(&stock.knosc).await;
        let auth = Auth::Session(Session {
            access_token: session.access_token,
            csrf_token: session.csrf_token,
            refresh: None,
        });
        assert_eq!(stock.send_as(auth, UNITS.to_vec()).await, "accepted");
        assert_eq!(stock.asked().len(), 2);
    }
}
