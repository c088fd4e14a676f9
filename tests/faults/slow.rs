//! Peers that are slow, stand still, or answer late: F25, F27 to F30, F45.

use std::time::{Duration, Instant};

use integration_tests::proxy::{Act, Upto, Which};
use knosc_runner::net::Timeouts;

use crate::setup::{SHORT, Trial, large, units};

/// A slow line that moves all the time: eight seconds for the whole file.
const SLOW_BYTES_PER_SECOND: u64 = 2 << 20;

/// What a system keeps of its own accord for such a line takes longer than this.
const ANSWER: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread")]
async fn f25_an_answer_that_does_not_come_in_time_is_unknown() {
    for accepted in [0, 1] {
        let trial = Trial::short().await;
        let script = match accepted {
            0 => vec![Act::Swallow(Upto::Whole), Act::Wait(SHORT * 4), Act::Fin],
            _ => vec![Act::Take(Upto::Whole), Act::Hear, Act::Wait(SHORT * 4), Act::Fin],
        };
        trial.proxy.once(Which::Upload, script);
        trial.send(units()).await.assert_unknown(accepted);
    }
}

/// The file reaches Knosc after the client gave up; its journal stays what it was, and sends nothing.
#[tokio::test(flavor = "multi_thread")]
async fn f27_a_file_that_is_accepted_after_our_patience_stays_unknown() {
    let trial = Trial::short().await;
    let script = [
        Act::Take(Upto::AllBut(1)),
        Act::Wait(SHORT * 4),
        Act::Take(Upto::Whole),
        Act::Hear,
        Act::Fin,
    ];
    trial.proxy.once(Which::Upload, script);
    // The verdict is judged when the late request is over, and the same journal is then followed once more.
    trial.send(units()).await.assert_unknown(1);
}

#[tokio::test(flavor = "multi_thread")]
async fn f28_a_peer_that_takes_nothing_more_is_given_up_and_the_file_is_incomplete() {
    for upto in [Upto::Head, Upto::Bytes(256 << 10)] {
        let trial = Trial::short().await;
        trial.proxy.once(Which::Upload, [Act::Take(upto), Act::Wait(SHORT * 10), Act::Reset]);
        let verdict = trial.send(large()).await;
        verdict.assert_safe();
        assert!(!verdict.sealed);
    }
}

/// No rate is too low as such; one at which nothing leaves for the time of a stall is one.
#[tokio::test(flavor = "multi_thread")]
async fn f29_a_peer_that_drains_byte_by_byte_is_given_up_and_the_file_is_incomplete() {
    let trial = Trial::short().await;
    let drain = Act::TakeSlowly(Upto::Bytes(150), 50);
    trial.proxy.once(Which::Upload, [Act::Take(Upto::Head), drain, Act::Reset]);
    let verdict = trial.send(large()).await;
    verdict.assert_safe();
    assert!(!verdict.sealed);
}

/// The upload takes many times as long as the answer may: no timer counts the upload's own time, what the system still holds included.
#[tokio::test(flavor = "multi_thread")]
async fn f30_a_slow_line_that_moves_is_no_fault() {
    let timeouts = Timeouts { first_answer: ANSWER, ..Timeouts::default() };
    let trial = Trial { timeouts, ..Trial::new().await };
    trial.knosc.model().knobs_mut().discard_content = true;
    let slowly = Act::TakeSlowly(Upto::Whole, SLOW_BYTES_PER_SECOND);
    trial.proxy.once(Which::Upload, [slowly, Act::Hear, Act::Tell(Upto::Whole), Act::Fin]);
    let began = Instant::now();
    trial.send(large()).await.assert_completed();
    assert!(began.elapsed() > ANSWER * 4, "{:?}", began.elapsed());
}

/// A lid that was closed: the peer is there and says nothing, in the middle of the file and after it.
#[tokio::test(flavor = "multi_thread")]
async fn f45_a_peer_that_is_there_and_says_nothing_is_judged_by_what_had_left() {
    let trial = Trial::short().await;
    let middle = [Act::Take(Upto::Bytes(64 << 10)), Act::Wait(SHORT * 10), Act::Reset];
    trial.proxy.once(Which::Upload, middle);
    trial.send(large()).await.assert_safe();

    let trial = Trial::short().await;
    let after = [Act::Take(Upto::Whole), Act::Wait(SHORT * 10), Act::Reset];
    trial.proxy.once(Which::Upload, after);
    trial.send(units()).await.assert_unknown(1);
}
