//! A Knosc, a state folder, and the processes of `knosc-runner` that live and die over it. A person decides what is unknown.
//!
//! The Knosc is the witness: it says what was accepted, and a person reads it there.

use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use knosc_bulk_import::admission::Standing;
use knosc_bulk_import::trigger::Trigger;
use knosc_runner::journal::sqlite::{RecordedRun, Store};
use local_knosc::{DEFAULT_PASSWORD, DEFAULT_USER, Running};

/// The number of the signal that nothing catches.
const SIGKILL: i32 = 9;

/// One death, one or two decisions, and some to spare.
const LIVES_MAX: u64 = 8;

/// In the documented order, each with its file.
const FILES: [(Trigger, &str); 4] = [
    (Trigger::UnitMaster, "unit-master.csv"),
    (Trigger::WarehouseMaster, "warehouses.xlsx"),
    (Trigger::SupplierMaster, "suppliers.csv"),
    (Trigger::CustomerMaster, "customers.xlsx"),
];

pub(crate) struct World {
    knosc: Running,
    /// State, home and manifest.
    home: PathBuf,
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
        let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("kills").join(name);
        // What an earlier run of this test left behind.
        _ = std::fs::remove_dir_all(&home);
        std::fs::create_dir_all(&home).unwrap();
        std::fs::write(home.join("import.toml"), manifest()).unwrap();
        Self { knosc: local_knosc::spawn(local_knosc::Config::default()).unwrap(), home }
    }

    /// A process that dies at a point, and as many as it takes until every file is loaded.
    pub(crate) fn play(self, point: &str) -> Played {
        let mut played = Played { killed: false, unknown: false, lives: 0 };
        loop {
            played.lives += 1;
            assert!(played.lives <= LIVES_MAX, "{point}: the run does not end");
            let ended = self.live((played.lives == 1).then_some(point));
            self.nothing_twice(point);
            let killed = ended.status.signal() == Some(SIGKILL);
            played.killed |= killed;
            if killed {
                assert_eq!(played.lives, 1, "{point}: killed, and not by us");
            } else if !self.person_decides(point, &ended, &mut played) {
                break;
            }
        }
        for (trigger, _) in FILES {
            assert_eq!(self.accepted(trigger).len(), 1, "{point}: {trigger} is lost");
        }
        std::fs::remove_dir_all(&self.home).unwrap();
        played
    }

    /// One process to its end: `run`, or `resume` where a run is recorded.
    fn live(&self, point: Option<&str>) -> Output {
        let words: &[&str] = if self.recorded().is_none() {
            &["run", "import.toml", "--quiet"]
        } else {
            &["resume", "--latest", "--quiet"]
        };
        self.runner(words).envs(point.map(|point| ("KNOSC_FAILPOINT", point))).output().unwrap()
    }

    /// The command line tool with nothing of this machine's environment but the path of programs.
    fn runner(&self, words: &[&str]) -> Command {
        let program = Path::new(env!("CARGO_BIN_EXE_knosc-runner"));
        let mut command = Command::new(program);
        command.args(words).current_dir(&self.home).stdin(Stdio::null());
        command.env_clear().env("HOME", &self.home).env("KNOSC_STATE", self.state());
        command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        // Compiled code may be shared: it is no state of a run.
        command.env("XDG_CACHE_HOME", Path::new(env!("CARGO_TARGET_TMPDIR")).join("kills-cache"));
        command.env("KNOSC_BASE_URL", self.knosc.url()).env("KNOSC_POLL_INTERVAL", "10ms");
        command.env("KNOSC_USERNAME", DEFAULT_USER).env("KNOSC_PASSWORD", DEFAULT_PASSWORD);
        command
    }

    fn state(&self) -> PathBuf {
        self.home.join("state")
    }

    /// What the journal says, read as another process would.
    fn recorded(&self) -> Option<RecordedRun> {
        if !self.state().join("journal.db").exists() {
            return None;
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let runs = Store::open(&self.state()).unwrap().runs(None, 2).await.unwrap();
            assert!(runs.len() <= 1, "a run was resumed as another one");
            runs.into_iter().next()
        })
    }

    fn accepted(&self, trigger: Trigger) -> Vec<String> {
        let model = self.knosc.model();
        let known = model.uploads().iter().filter(|known| known.trigger == trigger.name());
        known.map(|known| known.job_id.clone()).collect()
    }

    fn nothing_twice(&self, point: &str) {
        for (trigger, _) in FILES {
            let accepted = self.accepted(trigger);
            assert!(accepted.len() <= 1, "{point}: {trigger} was accepted as {accepted:?}");
        }
    }

    /// Looks in Knosc for what the journal does not know, and says so. False if nothing is left to do.
    fn person_decides(&self, point: &str, ended: &Output, played: &mut Played) -> bool {
        let said = String::from_utf8_lossy(&ended.stderr);
        let run = self.recorded().unwrap_or_else(|| panic!("{point}: nothing began: {said}"));
        let is_open = |standing| standing != Standing::Completed;
        let Some(open) = run.steps.iter().find(|step| is_open(step.standing)) else {
            assert_eq!(ended.status.code(), Some(0), "{point}: {said}");
            return false;
        };
        // Whatever else is not done: a run that is not known to have sent a file says just that, in its own exit code.
        assert_eq!(open.standing, Standing::Unknown, "{point}: {said}");
        assert_eq!(ended.status.code(), Some(6), "{point}: {said}");
        played.unknown = true;
        let job = self.accepted(open.trigger).into_iter().next();
        let mut words = vec!["runs", "resolve", &run.id, open.trigger.name()];
        match &job {
            Some(job_id) => words.extend(["--accepted", job_id]),
            None => words.push("--not-accepted"),
        }
        let decided = self.runner(&words).output().unwrap();
        let said = String::from_utf8_lossy(&decided.stderr);
        assert!(decided.status.success(), "{point}: {words:?}: {said}");
        true
    }
}

fn manifest() -> String {
    let exports = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/exports");
    FILES.into_iter().fold(String::new(), |text, (trigger, name)| {
        let path = exports.join(name);
        text + &format!(
            "[[file]]\ntrigger = \"{trigger}\"\npath = {:?}\n\n",
            path.display().to_string()
        )
    })
}
