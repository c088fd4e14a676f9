//! Connections that break after so many bytes of an upload or of its answer: F05, F07 to F11, F26.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use integration_tests::proxy::{Act, FaultProxy, Upto, Which};
use knosc_bulk_import::run::{Fact, Outcome};
use knosc_bulk_import::session::Session;
use knosc_runner::blobs::{BlobSource, MemoryBlob};
use knosc_runner::net::ClientConfig;
use local_knosc::Running;

use crate::setup::{
    Held, LONG, Trial, WithoutLastByte, knosc, large, quick, runner, runtime, session, units,
};

/// Trials of the sweep that go on at once: they mostly wait.
const AT_ONCE: usize = 8;

#[tokio::test(flavor = "multi_thread")]
async fn f05_a_connection_that_ends_before_a_byte_is_read_accepted_nothing() {
    for end in [Act::Fin, Act::Reset] {
        let trial = Trial::new().await;
        // The first one would have proved the session.
        trial.proxy.times(2, Which::Connection, [end]);
        trial.send(large()).await.assert_safe();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f07_a_large_upload_cut_at_a_place_of_the_matrix_is_incomplete() {
    for upto in [Upto::Bytes(1), Upto::Head, Upto::Bytes(64 << 10), Upto::Half] {
        for end in [Act::Fin, Act::Reset] {
            let trial = Trial::of([Act::Take(upto), end.clone()]).await;
            let verdict = trial.send(large()).await;
            verdict.assert_safe();
            assert!(!verdict.sealed, "{upto:?} {end:?}: the rest cannot have left");
        }
    }
}

/// A proxy that read all but one byte: the client's own system took that byte too, so that the client cannot know.
#[tokio::test(flavor = "multi_thread")]
async fn f07_an_upload_cut_before_its_last_byte_is_not_accepted() {
    for blob in [units(), large()] {
        for end in [Act::Fin, Act::Reset] {
            let trial = Trial::of([Act::Take(Upto::AllBut(1)), end]).await;
            let verdict = trial.send(blob.clone()).await;
            assert_eq!(verdict.accepted, 0, "{verdict:?}");
            assert!(verdict.is_safe_to_repeat() || verdict.word() == "unknown", "{verdict:?}");
        }
    }
}

/// Every byte of a small upload, broken and ended in good order. Where the cut is before the file's last byte, that byte never comes,
/// so that no seal can have been; at the first byte after the file the journal holds the seal back until the cut was made.
#[tokio::test(flavor = "multi_thread")]
async fn f07_a_small_upload_cut_at_every_byte_is_unknown_only_after_the_seal() {
    let sweep = Arc::new(Sweep::new().await);
    let next = Arc::new(AtomicU64::new(2));
    let mut workers = tokio::task::JoinSet::new();
    for _ in 0..AT_ONCE {
        let (sweep, next) = (Arc::clone(&sweep), Arc::clone(&next));
        workers.spawn(async move {
            loop {
                let trial = next.fetch_add(1, Ordering::SeqCst);
                let cut = trial / 2;
                if cut >= sweep.whole {
                    return;
                }
                let end = if trial % 2 == 0 { Act::Reset } else { Act::Fin };
                sweep.check(cut, end).await;
            }
        });
    }
    workers.join_all().await;
    assert_eq!(sweep.server.model().uploads().len(), 0);
}

struct Sweep {
    server: Running,
    session: Session,
    content: Bytes,
    /// Bytes of the whole request.
    whole: u64,
    /// Bytes behind the file.
    tail: u64,
}

impl Sweep {
    /// Measures an upload that the proxy swallows.
    async fn new() -> Self {
        let mut content = b"_UnitCode,_UnitName\n".to_vec();
        for row in 10..30 {
            content.extend_from_slice(format!("U{row},Unit {row}\n").as_bytes());
        }
        assert!((250..350).contains(&content.len()), "{}", content.len());
        let server = knosc();
        let session = session(&server).await;
        let mut sweep = Self { server, session, content: content.into(), whole: 0, tail: 0 };
        let proxy = sweep.proxy([Act::Swallow(Upto::Whole), Act::Fin]);
        let blob = MemoryBlob::new("units.csv", sweep.content.clone());
        let (outcome, tail) = sweep.send(&proxy, Arc::new(blob), false).await;
        assert_eq!(outcome.word(), "unknown");
        sweep.whole = proxy.uploads()[0].length;
        sweep.tail = u64::from(tail.unwrap());
        sweep
    }

    fn proxy(&self, script: impl Into<Vec<Act>>) -> Arc<FaultProxy> {
        let proxy = FaultProxy::before(self.server.address()).unwrap();
        proxy.once(Which::Upload, script);
        Arc::new(proxy)
    }

    async fn check(&self, cut: u64, end: Act) {
        let proxy = self.proxy([Act::Take(Upto::Bytes(cut)), end]);
        let before_tail = self.whole - self.tail;
        let blob: Arc<dyn BlobSource> = if cut < before_tail {
            Arc::new(WithoutLastByte(self.content.clone()))
        } else {
            Arc::new(MemoryBlob::new("units.csv", self.content.clone()))
        };
        let (outcome, sealed) = self.send(&proxy, blob, cut == before_tail).await;
        let place = format!("{} after {cut} of {} bytes", outcome.word(), self.whole);
        assert!(proxy.settles_within(LONG), "{place}");
        assert!(matches!(outcome.word(), "refused" | "unknown"), "{place}");
        assert!(outcome.word() == "refused" || sealed.is_some(), "{place}: before the seal");
        assert!(cut >= before_tail || sealed.is_none(), "{place}: sealed");
        assert_eq!(proxy.uploads()[0].passed, cut, "{place}");
    }

    /// The outcome, and what the seal said was still to come.
    async fn send(
        &self,
        proxy: &Arc<FaultProxy>,
        blob: Arc<dyn BlobSource>,
        hold: bool,
    ) -> (Outcome, Option<u32>) {
        let watched = Arc::clone(proxy);
        let journal = Arc::new(Held::until(move || {
            let proxy = Arc::clone(&watched);
            Box::pin(async move {
                while hold && !proxy.uploads().iter().all(|seen| seen.ended) {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            })
        }));
        let net = ClientConfig::default();
        let runner = runner(runtime(), &proxy.url(), self.session.clone(), net);
        let running = runner.run_ordered(quick(journal.clone(), blob));
        let report = tokio::time::timeout(LONG, running).await.expect("the run ends").unwrap();
        let sealed = journal.events().iter().find_map(|event| match event.fact {
            Fact::UploadSealed(tail) => Some(tail),
            _ => None,
        });
        (report.steps[0].outcome.clone(), sealed)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f08_a_reset_after_the_last_byte_is_unknown() {
    let lost = [Act::Swallow(Upto::Whole), Act::Reset];
    Trial::of(lost).await.send(units()).await.assert_unknown(0);
    let taken = [Act::Take(Upto::Whole), Act::Hear, Act::Reset];
    Trial::of(taken).await.send(units()).await.assert_unknown(1);
}

#[tokio::test(flavor = "multi_thread")]
async fn f09_an_end_after_the_last_byte_is_unknown() {
    let lost = [Act::Swallow(Upto::Whole), Act::Fin];
    Trial::of(lost).await.send(units()).await.assert_unknown(0);
    let taken = [Act::Take(Upto::Whole), Act::Hear, Act::Fin];
    Trial::of(taken).await.send(large()).await.assert_unknown(1);
}

#[tokio::test(flavor = "multi_thread")]
async fn f10_an_answer_whose_head_is_cut_or_is_none_is_unknown() {
    let heads: [&[u8]; 5] = [
        b"HTT",
        b"HTTP/1.1 20",
        b"HTTP/1.1 200 OK\r\ncontent-le",
        b"220 mail.example.com ESMTP\r\n\r\n",
        b"HTTP/1.1 2x0 OK\r\n\r\n",
    ];
    for head in heads {
        for end in [Act::Fin, Act::Reset] {
            let say = Act::Say(head.to_vec(), 1);
            let script = [Act::Take(Upto::Whole), Act::Hear, say, end];
            Trial::of(script).await.send(units()).await.assert_unknown(1);
        }
    }
}

/// A success that names no job: Knosc has the file, and nobody can say which job it is.
#[tokio::test(flavor = "multi_thread")]
async fn f11_a_success_whose_body_is_cut_is_unknown() {
    let begun = |headers: &str, body: &str| {
        Act::Say(format!("HTTP/1.1 200 OK\r\n{headers}\r\n{body}").into_bytes(), 1)
    };
    for say in [
        begun("content-length: 80\r\n", r#"{"job_id": "unit-ma"#),
        begun("content-length: 80\r\n", ""),
        begun("content-length: 0\r\n", ""),
        begun("transfer-encoding: chunked\r\n", "11\r\n{\"job_id\": \"unit-\r\n"),
        begun("connection: close\r\n", r#"{"job_id": "#),
    ] {
        for end in [Act::Fin, Act::Reset] {
            let script = [Act::Take(Upto::Whole), Act::Hear, say.clone(), end];
            Trial::of(script).await.send(units()).await.assert_unknown(1);
        }
    }
    let headless = [Act::Take(Upto::Whole), Act::Hear, Act::Tell(Upto::Head), Act::Fin];
    Trial::of(headless).await.send(units()).await.assert_unknown(1);
}
