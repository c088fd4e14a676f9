//! `--wait` bounds everything but the time between a file's last bytes and its answer.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use local_knosc::{AnswerFault, IntegrationLock, When};

use super::place::{Place, knosc, run};
use super::resumed::{arm, hold_tables, on_upload, units};

/// Longer than signing in and starting takes on a busy machine.
const WAIT: &str = "4s";

/// Of a run whose wait is over, with room for a busy machine.
const SOON: Duration = Duration::from_secs(30);

/// Passes on what it gets, slowly from a request on that begins so: a piece, and then a pause. Gives its address.
fn relay(knosc: SocketAddr, slow: &'static str, pause: Duration) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            std::thread::spawn(move || {
                pass(client, TcpStream::connect(knosc).unwrap(), slow, pause);
            });
        }
    });
    url
}

fn pass(mut client: TcpStream, mut knosc: TcpStream, slow: &str, pause: Duration) {
    let (mut answers, mut back) = (knosc.try_clone().unwrap(), client.try_clone().unwrap());
    std::thread::spawn(move || std::io::copy(&mut answers, &mut back));
    let (mut piece, mut is_slow) = ([0; 8192], false);
    while let Ok(count @ 1..) = client.read(&mut piece) {
        is_slow |= piece.starts_with(slow.as_bytes());
        if is_slow {
            std::thread::sleep(pause);
        }
        if knosc.write_all(&piece[..count]).is_err() {
            break;
        }
    }
    _ = knosc.shutdown(std::net::Shutdown::Both);
}

#[test]
fn an_answer_after_the_last_bytes_is_waited_for() {
    let knosc = knosc();
    let place = Place::new("wait-answer");
    units(&place, "units.csv");
    hold_tables(&knosc, IntegrationLock::Held);
    arm(&knosc, AnswerFault { delay_ms: 8_000, ..on_upload(When::After) });
    let words = ["upload", "unit-master", "units.csv", "--wait", WAIT];
    let found = run(&mut place.runner(&knosc.url(), &words));
    assert_eq!((found.exit, knosc.model().uploads().len()), (5, 1), "{found:?}");
    assert!(found.stdout.contains("pending"), "{found:?}");
}

#[test]
fn a_file_on_its_way_is_given_up_and_not_accepted() {
    let knosc = knosc();
    let url = relay(knosc.address(), "POST /api/job/", Duration::from_millis(100));
    let place = Place::new("wait-slow");
    let rows = "U,Unit\n".repeat(3 << 20);
    place.file("units.csv", format!("_UnitCode,_UnitName\n{rows}"));
    let words = ["upload", "unit-master", "units.csv", "--no-check", "--wait", WAIT];
    let begun = Instant::now();
    let found = run(&mut place.runner(&url, &words));
    assert_eq!((found.exit, knosc.model().uploads().len()), (10, 0), "{found:?}");
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
}

#[test]
fn a_poll_that_is_not_answered_ends_with_the_wait() {
    let knosc = knosc();
    let url = relay(knosc.address(), "GET /api/job?", Duration::from_mins(1));
    let place = Place::new("wait-poll");
    let begun = Instant::now();
    let words = ["poll", "unit-master:unit-master-upload-0", "--wait", "2s"];
    let found = run(&mut place.runner(&url, &words));
    assert_eq!(found.exit, 10, "{found:?}");
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
}
