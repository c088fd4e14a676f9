//! A person at a shell, in small: `run`, `resume` and `runs resolve` again and again, over files that change between them and runs
//! that die. What may be sent is asked of the core's admission rules, as the command line asks them. Journals that lose their last
//! facts are in `restored`.
//!
//! One verb at a time, as the locks have it. Knosc is the witness of what was accepted.

use crate::host::{Call, Ending};
use crate::verdict;
use crate::world::{Rules, Style, Tally, Truth, World};
use knosc_bulk_import::admission::{
    Admission, Candidate, Digest, Earlier, RecordedStep, Stamp, Standing, Unchanged, admit,
    needs_digest, readmit,
};
use knosc_bulk_import::job::Job;
use knosc_bulk_import::plan::{Plan, Planned};
use knosc_bulk_import::run::{Command, Event, Fact, Outcome, Resolution};
use knosc_bulk_import::trigger::Trigger;

/// Verbs that a seed plays before everything is brought to its end.
const VERBS: u64 = 8;

/// Rounds of resuming and deciding after that, until nothing changes any more.
const ROUNDS_MAX: usize = 80;

/// Each file's contents, one after the other: of one length, so that their digests decide. The third of the customers fails.
pub(crate) const FILES: [(Trigger, [&str; 3]); 3] = [
    (
        Trigger::UnitMaster,
        [
            "_UnitCode,_UnitName\nEA,Each\nBX,Box\n",
            "_UnitCode,_UnitName\nEA,Each\nBX,Big\n",
            "_UnitCode,_UnitName\nEA,Ever\nBX,Box\n",
        ],
    ),
    (
        Trigger::SupplierMaster,
        [
            "_SupplierNumber,_SupplierName\nS1,Acme\n",
            "_SupplierNumber,_SupplierName\nS1,Birk\n",
            "_SupplierNumber,_SupplierName\nS2,Acme\n",
        ],
    ),
    (
        Trigger::CustomerMaster,
        [
            "_CustomerNumber,_CustomerName\nC1,Birch\n",
            "_CustomerNumber,_CustomerName\nC1,Cedar\n",
            "_CustomerNumber,_Nonsense____\nC1,Birch\n",
        ],
    ),
];

/// A file on disk now.
#[derive(Clone, Copy, Default)]
pub(crate) struct OnDisk {
    pub(crate) content: usize,
    /// As its writer left it: it may be the one of before.
    mtime_ns: i64,
    /// Counts how often it was written.
    ctime_ns: i64,
}

/// A run as the store keeps it.
pub(crate) struct Recorded {
    pub(crate) plan: Plan,
    pub(crate) durable: Vec<Event>,
    pub(crate) truths: Vec<Truth>,
    /// As the files were found.
    pub(crate) found: Vec<OnDisk>,
    /// The acceptance of each step among all of the store.
    pub(crate) accepted: Vec<Option<i64>>,
    /// Stands for what a restored journal may have lost: nothing of it can be sent.
    pub(crate) is_restored: bool,
}

pub(crate) struct Office {
    pub(crate) world: World,
    pub(crate) runs: Vec<Recorded>,
    pub(crate) disk: [OnDisk; 3],
    acceptances: i64,
    /// How often a file may have reached Knosc, as it is kept outside of the journal.
    pub(crate) generation: usize,
    /// Jobs that the journal knew and lost.
    pub(crate) lost: Vec<String>,
}

/// Plays a seed to its end.
pub(crate) fn play(seed: u64, traced: bool, rules: Rules) -> Tally {
    let mut world = World::new(seed, traced, rules);
    world.style = Style::Hosted;
    let disk = [OnDisk { content: 0, mtime_ns: 1, ctime_ns: 1 }; 3];
    let (runs, lost) = (Vec::new(), Vec::new());
    let mut office = Office { world, runs, disk, acceptances: 0, generation: 0, lost };
    for _ in 0..VERBS {
        match office.world.chance.below(9) {
            0 | 1 => office.touch(),
            8 if !office.runs.is_empty() => office.lose_facts(),
            _ if office.is_doubted() => office.accept_restored(),
            2 if !office.runs.is_empty() => office.decide(),
            3 | 4 if !office.runs.is_empty() => office.resume_any(),
            _ => office.run(),
        }
    }
    for _ in 0..ROUNDS_MAX {
        if !office.finish() {
            return office.world.tally;
        }
    }
    panic!("the runs did not end in {ROUNDS_MAX} rounds");
}

impl Office {
    /// The ERP exports a file anew, with the same content or another one.
    fn touch(&mut self) {
        let file = self.world.chance.below(3) as usize;
        let content = self.world.chance.below(3) as usize;
        let OnDisk { mtime_ns, ctime_ns, .. } = self.disk[file];
        // Copied with the time of the one before, or not.
        let mtime_ns = if self.world.chance.one_in(3) { mtime_ns } else { ctime_ns + 1 };
        self.disk[file] = OnDisk { content, mtime_ns, ctime_ns: ctime_ns + 1 };
        self.world.trace(|| format!("file {file} is exported with content {content}"));
    }

    /// `run`: all files, those that completed as they are left out; nothing is sent if one is refused.
    fn run(&mut self) {
        let count = 1 + self.world.chance.below(3) as usize;
        let mut sent = Vec::new();
        for file in 0..count {
            let earlier = self.earlier(file, None);
            match admit(&self.candidate(file, &earlier), &earlier, Unchanged::Skip) {
                Admission::Send => sent.push(file),
                Admission::Unchanged(run) => self.called_unchanged(file, &run),
                Admission::Refused(_) => return,
            }
        }
        if sent.is_empty() {
            return;
        }
        let planned = |file: &usize| Planned {
            trigger: FILES[*file].0,
            file_name: format!("{}.csv", FILES[*file].0),
        };
        let truth = |file: &usize| Truth {
            trigger: FILES[*file].0,
            content: FILES[*file].1[self.disk[*file].content],
            jobs: Vec::new(),
            repeated: Vec::new(),
            is_forgotten: false,
            called_unsent: false,
            is_knowable: false,
        };
        self.runs.push(Recorded {
            plan: Plan::new(sent.iter().map(planned).collect(), false).unwrap(),
            durable: Vec::new(),
            truths: sent.iter().map(truth).collect(),
            found: sent.iter().map(|file| self.disk[*file]).collect(),
            accepted: vec![None; sent.len()],
            is_restored: false,
        });
        self.live(self.runs.len() - 1);
    }

    fn resume_any(&mut self) {
        let run = self.world.chance.below(self.runs.len() as u64) as usize;
        self.resume(run);
    }

    /// `resume`: what the run would still send has to be as it was, and not overtaken. False where the rules refuse.
    fn resume(&mut self, run: usize) -> bool {
        if self.runs[run].is_restored {
            return false;
        }
        let recorded =
            self.within(run, |world| (world.recovered().next(world.now_ms()), world.recorded()));
        let (next, report) = recorded;
        for (step, reported) in report.steps.iter().enumerate() {
            let may_follow = !matches!(next, Command::Finish(_))
                && matches!(reported.outcome, Outcome::NotStarted);
            if next != Command::Upload(step) && !may_follow {
                continue;
            }
            let file = self.file(run, step);
            let (now, found) = (self.disk[file], self.runs[run].found[step]);
            if !stamp(now).is_as_recorded(&stamp(found)) {
                return false;
            }
            let earlier = self.earlier(file, Some(run));
            if readmit(&self.candidate(file, &earlier), run as i64, &earlier).is_err() {
                return false;
            }
        }
        self.live(run);
        true
    }

    /// One process over one run, and what must be true after it.
    fn live(&mut self, run: usize) {
        self.world.trace(|| format!("run {run}"));
        self.within(run, |world| match world.live(Call::RunOrdered) {
            Ending::Crashed => verdict::of_a_crash(world),
            Ending::Finished(report) => verdict::of_a_report(world, &report),
        });
        self.note(run);
    }

    /// `runs resolve`: a person looks at Knosc, and tells the truth.
    fn decide(&mut self) {
        for run in 0..self.runs.len() {
            let decided = self.within(run, |world| {
                world.settle();
                let report = world.recorded();
                let unknown =
                    |step: &usize| matches!(report.steps[*step].outcome, Outcome::Unknown(_));
                let Some(step) = (0..report.steps.len()).find(unknown) else { return false };
                let truth = &world.truths[step];
                let job = |id: &String| Job { trigger: truth.trigger, job_id: id.clone() };
                let job = truth.jobs.first().map(job);
                world.tally.unknown += 1;
                world.tally.unknown_accepted += u64::from(job.is_some());
                let resolution = job.map_or(Resolution::NotAccepted, Resolution::Accepted);
                let (at_ms, fact) = (world.now_ms(), Fact::Resolved(resolution));
                world.durable.push(Event { at_ms, step, fact });
                true
            });
            if decided {
                self.note(run);
                return;
            }
        }
    }

    /// `poll`: the jobs of a run that nobody may resume, because a file that it would send next is not what it was.
    fn poll(&mut self, run: usize) {
        self.within(run, |world| {
            world.session = Some(world.sign_in());
            for (step, reported) in world.recorded().steps.into_iter().enumerate() {
                if let Outcome::Pending(pending) = reported.outcome {
                    world.pass(60_000);
                    world.watch(step, &pending.job);
                }
            }
            verdict::of_a_crash(world);
        });
        self.note(run);
    }

    /// Brings everything to an end, a step at a time. False when nothing is left to do.
    fn finish(&mut self) -> bool {
        if self.is_doubted() {
            self.accept_restored();
        }
        self.decide();
        self.world.release();
        let before: Vec<usize> = self.runs.iter().map(|recorded| recorded.durable.len()).collect();
        let mut is_open = false;
        for run in 0..self.runs.len() {
            let report = self.within(run, |world| world.recorded());
            let is_unfinished =
                |outcome: &Outcome| matches!(outcome, Outcome::Pending(_) | Outcome::Unknown(_));
            is_open |= report.steps.iter().any(|step| is_unfinished(&step.outcome));
            if !self.resume(run) {
                self.poll(run);
            }
        }
        let after = self.runs.iter().map(|recorded| recorded.durable.len());
        is_open || !before.into_iter().eq(after)
    }

    /// Plays in the world of one run. What is on its way has arrived by then: a trigger with an unknown file is closed.
    fn within<T>(&mut self, run: usize, play: impl FnOnce(&mut World) -> T) -> T {
        let (world, recorded) = (&mut self.world, &mut self.runs[run]);
        let swap = |world: &mut World, recorded: &mut Recorded| {
            std::mem::swap(&mut world.plan, &mut recorded.plan);
            std::mem::swap(&mut world.durable, &mut recorded.durable);
            std::mem::swap(&mut world.truths, &mut recorded.truths);
        };
        swap(world, recorded);
        let played = play(world);
        world.settle();
        swap(world, recorded);
        played
    }

    /// Numbers what was accepted, and looks whether Knosc was given something that it had.
    fn note(&mut self, run: usize) {
        let Recorded { durable, accepted, .. } = &mut self.runs[run];
        for event in durable.iter() {
            let is_accepted = matches!(
                event.fact,
                Fact::UploadAccepted(_) | Fact::Resolved(Resolution::Accepted(_))
            );
            let number = &mut accepted[event.step];
            if is_accepted && number.is_none() {
                self.acceptances += 1;
                *number = Some(self.acceptances);
            }
        }
        // The count outside follows the journal's before a file's last bytes leave.
        self.generation = self.generation.max(self.counted());
        for (trigger, _) in FILES {
            self.nothing_twice(trigger);
        }
    }

    fn file(&self, run: usize, step: usize) -> usize {
        let trigger = self.runs[run].truths[step].trigger;
        FILES.iter().position(|(known, _)| *known == trigger).unwrap()
    }

    /// A file as it is; its content is looked at where nothing else decides.
    fn candidate(&self, file: usize, earlier: &[Earlier]) -> Candidate {
        let mut candidate = Candidate {
            trigger: FILES[file].0,
            path: format!("{file}.csv").into(),
            stamp: stamp(self.disk[file]),
            digest: None,
        };
        candidate.digest = (self.world.rules.known_digest)(&candidate, earlier)
            .or_else(|| needs_digest(&candidate, earlier).then(|| digest(self.disk[file])));
        candidate
    }

    /// What other runs did with the file's trigger, as the store tells it.
    fn earlier(&mut self, file: usize, but: Option<usize>) -> Vec<Earlier> {
        let mut earlier = Vec::new();
        for run in (0..self.runs.len()).filter(|run| Some(*run) != but) {
            let report = self.within(run, |world| world.recorded());
            for (step, reported) in report.steps.iter().enumerate() {
                if reported.trigger != FILES[file].0 {
                    continue;
                }
                let recorded = &self.runs[run];
                // Made while the file is sent, and known from the seal on.
                let is_sealed = |event: &Event| {
                    event.step == step && matches!(event.fact, Fact::UploadSealed(_))
                };
                let sealed = recorded.durable.iter().any(is_sealed);
                let step = RecordedStep {
                    step,
                    position: step,
                    trigger: reported.trigger,
                    file_name: reported.file_name.clone(),
                    path: format!("{file}.csv").into(),
                    stamp: stamp(recorded.found[step]),
                    digest: sealed.then(|| digest(recorded.found[step])),
                    standing: Standing::from(&reported.outcome),
                    job_id: recorded.truths[step].jobs.first().cloned(),
                    accepted: recorded.accepted[step],
                    unchanged_of: None,
                };
                earlier.push(Earlier { run: format!("run-{run}"), run_number: run as i64, step });
            }
        }
        earlier
    }
}

fn digest(file: OnDisk) -> Digest {
    Digest([file.content as u8; 16])
}

fn stamp(file: OnDisk) -> Stamp {
    Stamp { size: 40, mtime_ns: file.mtime_ns, ctime_ns: file.ctime_ns, inode: 1 }
}
