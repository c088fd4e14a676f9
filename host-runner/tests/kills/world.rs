//! A Knosc, a state folder, and the processes that live and die over it, one after the other. A person decides what is unknown.
//!
//! The Knosc is the witness: it says what was accepted, and a person reads it there.

use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use knosc_bulk_import::job::Job;
use knosc_bulk_import::run::Resolution;
use knosc_bulk_import::trigger::Trigger;
use knosc_runner::journal::sqlite::{Standing, Store};
use local_knosc::Running;

use crate::life;

/// The number of the signal that nothing catches.
const SIGKILL: i32 = 9;

/// One death, one or two decisions, and some to spare.
const LIVES_MAX: u64 = 8;

pub(crate) struct World {
    knosc: Running,
    state: PathBuf,
}

/// What happened in a world.
#[derive(Debug)]
pub(crate) struct Played {
    pub(crate) killed: bool,
    pub(crate) unknown: bool,
    pub(crate) lives: u64,
}

impl World {
    pub(crate) fn new(name: &str) -> Self {
        let state = Path::new(env!("CARGO_TARGET_TMPDIR")).join("kills").join(name);
        // What an earlier run of this test left behind.
        _ = std::fs::remove_dir_all(&state);
        Self { knosc: local_knosc::spawn(local_knosc::Config::default()).unwrap(), state }
    }

    /// A process that dies at a point, and as many as it takes until every file is loaded.
    pub(crate) fn play(self, point: &str) -> Played {
        let mut played = Played { killed: false, unknown: false, lives: 0 };
        loop {
            played.lives += 1;
            assert!(played.lives <= LIVES_MAX, "{point}: the run does not end");
            let killed = self.live((played.lives == 1).then_some(point));
            played.killed |= killed;
            self.nothing_twice(point);
            if !killed && !self.person_decides(point, &mut played) {
                break;
            }
        }
        for trigger in life::TRIGGERS {
            assert_eq!(self.accepted(trigger).len(), 1, "{point}: {trigger} is lost");
        }
        std::fs::remove_dir_all(&self.state).unwrap();
        played
    }

    /// One process to its end; true if it was killed.
    fn live(&self, point: Option<&str>) -> bool {
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "life_of_one_process", "--nocapture"]);
        child.env(life::STATE, &self.state).env(life::ORIGIN, self.knosc.url());
        child.env_remove("KNOSC_FAILPOINT").envs(point.map(|point| ("KNOSC_FAILPOINT", point)));
        let output = child.stdin(Stdio::null()).output().unwrap();
        if output.status.signal() == Some(SIGKILL) {
            assert!(point.is_some(), "killed, and not by us");
            return true;
        }
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{point:?}: {}\n{text}", output.status);
        false
    }

    fn accepted(&self, trigger: Trigger) -> Vec<String> {
        let model = self.knosc.model();
        let known = model.uploads().iter().filter(|known| known.trigger == trigger.name());
        known.map(|known| known.job_id.clone()).collect()
    }

    fn nothing_twice(&self, point: &str) {
        for trigger in life::TRIGGERS {
            let accepted = self.accepted(trigger);
            assert!(accepted.len() <= 1, "{point}: {trigger} was accepted as {accepted:?}");
        }
    }

    /// Looks in Knosc for what the journal does not know. False if nothing is left to do.
    fn person_decides(&self, point: &str, played: &mut Played) -> bool {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let store = Store::open(&self.state).unwrap();
            let run = store.runs(None, 1).await.unwrap().remove(0);
            let open = run.steps.iter().find(|step| step.standing != Standing::Completed);
            let Some(open) = open else { return false };
            let accepted = self.accepted(open.trigger);
            match open.standing {
                Standing::Unknown => played.unknown = true,
                Standing::Refused => {
                    assert!(accepted.is_empty(), "{point}: {} is said to be refused", open.trigger);
                }
                other => panic!("{point}: {} ended as {}", open.trigger, other.word()),
            }
            let job = accepted.into_iter().next();
            let job = job.map(|job_id| Job { trigger: open.trigger, job_id });
            let resolution = job.map_or(Resolution::NotAccepted, Resolution::Accepted);
            let journal = store.journal(&run.id).await.unwrap();
            let now_ms = self.knosc.now_ms();
            journal.resolve(open.step, resolution, "test".to_owned(), now_ms).await.unwrap();
            true
        })
    }
}
