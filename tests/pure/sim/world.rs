//! Knosc, one tenant's files and the clock: what is really so, whatever a run believes.
//!
//! Takes requests as they arrive, also cut and late ones, and says at once when a file was accepted twice or after it was
//! called "not sent". Knows no run machine.

use std::sync::OnceLock;

use crate::chance::Chance;
use crate::network::{self, Around, PollFault, UploadFault, asked};
use crate::verdict;
use knosc_bulk_import::admission::{self, Candidate, Digest, Earlier};
use knosc_bulk_import::fault::Fault;
use knosc_bulk_import::job::{Job, JobReport};
use knosc_bulk_import::plan::{Plan, Planned};
use knosc_bulk_import::protocol::{
    Answer, Sent, authenticate, classify, poll, token_refresh, upload,
};
use knosc_bulk_import::run::{Event, Fact};
use knosc_bulk_import::session::Session;
use knosc_bulk_import::trigger::Trigger;
use local_knosc::{
    Config, DEFAULT_PASSWORD, DEFAULT_USER, IntegrationLock, Model, Request as Asked,
};

const FILES: [(Trigger, &str); 5] = [
    (Trigger::UnitMaster, "_UnitCode,_UnitName\nEA,Each\nBX,Box\n"),
    (Trigger::WarehouseMaster, "_WarehouseNumber,_WarehouseName\nW1,North\n"),
    (Trigger::SupplierMaster, "_SupplierNumber,_SupplierName\nS1,Acme\n"),
    (Trigger::CustomerMaster, "_CustomerNumber,_CustomerName\nC1,Birch\n"),
    // One that its job does not take.
    (Trigger::CustomerMaster, "_CustomerNumber,_Nonsense\nC2,Cedar\n"),
];

/// Unix time at which the simulation begins; far enough from 0 for clocks that jump back a day.
const BEGIN_MS: u64 = 1_717_200_000_000;

/// Tokens and job ids differ from seed to seed; so many kinds of them are enough, and made once.
const MODELS: usize = 8;

/// How the one who calls keeps the facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// A host of the world `hosted`: each fact is durable before it is acted on, the seal before the last bytes.
    Hosted,
    /// An engine that asks `planner` and calls `upload` and `poll` itself: no seal follows, and each turn replays the list.
    Engine,
}

/// What is really so of one file.
#[derive(Clone, Debug)]
pub(crate) struct Truth {
    pub(crate) trigger: Trigger,
    pub(crate) content: &'static str,
    /// The jobs that Knosc made of it.
    pub(crate) jobs: Vec<String>,
    /// Jobs of requests that a proxy sent again: the one that it hands on is among `jobs`.
    pub(crate) repeated: Vec<String>,
    /// The journal lost that Knosc took it: what it says of the file is wrong, and must not be acted on.
    pub(crate) is_forgotten: bool,
    /// Somebody was told that Knosc does not have it and will not get it.
    pub(crate) called_unsent: bool,
    /// Its sender saw enough to know how it ended.
    pub(crate) is_knowable: bool,
}

/// A request that reaches Knosc when nobody waits for its answer any more.
struct Late {
    due_ms: u64,
    step: usize,
    request: Asked,
}

/// What the faults reached, to see that they reach it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) crashes: u64,
    pub(crate) unknown: u64,
    pub(crate) unknown_accepted: u64,
    pub(crate) accepted: u64,
    pub(crate) failed: u64,
    pub(crate) lost: u64,
    pub(crate) refused: u64,
    pub(crate) late: u64,
    pub(crate) repeats: u64,
    /// Knosc took the file, and a proxy refused it.
    pub(crate) refused_late: u64,
    /// A job was named before the whole file had left.
    pub(crate) early: u64,
    /// A proxy sent a file again, and Knosc took it again.
    pub(crate) doubled: u64,
    /// The journal lost its last facts.
    pub(crate) losses: u64,
}

impl Tally {
    fn counts(&mut self) -> [&mut u64; 12] {
        let Self { crashes, unknown, unknown_accepted, accepted, .. } = self;
        let Self { failed, lost, refused, late, repeats, refused_late, early, doubled, .. } = self;
        [
            crashes,
            unknown,
            unknown_accepted,
            accepted,
            failed,
            lost,
            refused,
            late,
            repeats,
            refused_late,
            early,
            doubled,
        ]
    }

    pub(crate) fn add(&mut self, other: &Self) {
        let mut other = *other;
        for (sum, count) in self.counts().into_iter().zip(other.counts()) {
            *sum += *count;
        }
        self.losses += other.losses;
    }

    /// Whether each kind of ending came about.
    pub(crate) fn has_all(mut self) -> bool {
        self.counts().into_iter().all(|count| *count > 0)
    }
}

/// The rules that the sender goes by. A mutant puts an old one in the place of the protocol's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    /// What a refusal of an upload means.
    pub(crate) refused: fn(&Answer, Sent, u64) -> Fault,
    /// What any answer to an upload means.
    pub(crate) read: fn(Trigger, &Answer, Sent, u64) -> Result<JobReport, Fault>,
    /// What an answer to a poll means.
    pub(crate) polled: Polled,
    /// The digest of a file that need not be read.
    pub(crate) known_digest: fn(&Candidate, &[Earlier]) -> Option<Digest>,
    /// Whether a journal that counts so many files may have lost some, by the count outside of it.
    pub(crate) doubts: fn(usize, usize) -> bool,
}

type Polled = fn(&[Job], u16, &[(String, String)], &[u8], u64) -> Result<Vec<JobReport>, Fault>;

impl Default for Rules {
    fn default() -> Self {
        Self {
            refused: classify::upload_refused,
            read: upload::read,
            polled: |jobs, status, headers, body, now_ms| {
                poll::read(jobs, status, headers, body, now_ms)
            },
            known_digest: admission::known_digest,
            doubts: |journal, outside| journal < outside,
        }
    }
}

pub(crate) struct World {
    pub(crate) rules: Rules,
    pub(crate) model: Model,
    pub(crate) plan: Plan,
    pub(crate) style: Style,
    pub(crate) durable: Vec<Event>,
    pub(crate) truths: Vec<Truth>,
    pub(crate) tally: Tally,
    pub(crate) chance: Chance,
    pub(crate) session: Option<Session>,
    /// The last answer to a poll: somebody on the way may give it again.
    pub(crate) cached: Option<Answer>,
    /// Facts of polls that an engine notes once more, later.
    pub(crate) again: Vec<(usize, Fact)>,
    server_ms: u64,
    skew_ms: i64,
    /// Faults still to come; the world then becomes calm, so that every run can end.
    troubles: u64,
    /// One request in so many is troubled.
    odds: u64,
    late: Vec<Late>,
    traced: bool,
}

fn model(seed: u64) -> Model {
    static MADE: OnceLock<Vec<Model>> = OnceLock::new();
    let made = MADE.get_or_init(|| {
        let config = |seed| Config { seed, ..Config::default() };
        (0..MODELS as u64).map(|seed| Model::new(config(seed))).collect()
    });
    made[(seed % MODELS as u64) as usize].clone()
}

impl World {
    pub(crate) fn new(seed: u64, traced: bool, rules: Rules) -> Self {
        let mut chance = Chance::new(seed);
        let style = if chance.one_in(4) { Style::Engine } else { Style::Hosted };
        let count = 1 + chance.below(4) as usize;
        let mut files = FILES;
        if chance.one_in(4) {
            // Two files of one trigger, or one that fails in the middle.
            files.swap(chance.below(4) as usize, 4);
        }
        let truths: Vec<Truth> = files[..count]
            .iter()
            .map(|(trigger, content)| Truth {
                trigger: *trigger,
                content,
                jobs: Vec::new(),
                repeated: Vec::new(),
                is_forgotten: false,
                called_unsent: false,
                is_knowable: false,
            })
            .collect();
        let planned = |truth: &Truth| Planned {
            trigger: truth.trigger,
            file_name: format!("{}.csv", truth.trigger),
        };
        let plan = Plan::new(truths.iter().map(planned).collect(), true).unwrap();
        Self {
            rules,
            model: model(seed),
            plan,
            style,
            durable: Vec::new(),
            truths,
            tally: Tally::default(),
            session: None,
            cached: None,
            again: Vec::new(),
            server_ms: BEGIN_MS,
            skew_ms: 0,
            troubles: 1 + chance.below(4),
            odds: 2 + chance.below(10),
            late: Vec::new(),
            traced,
            chance,
        }
    }

    /// The time by the caller's clock.
    pub(crate) fn now_ms(&self) -> u64 {
        self.server_ms.saturating_add_signed(self.skew_ms)
    }

    /// The time by Knosc's clock, which never goes back.
    pub(crate) const fn server_ms(&self) -> u64 {
        self.server_ms
    }

    pub(crate) fn trace(&self, text: impl FnOnce() -> String) {
        if self.traced {
            eprintln!("{:>9} ms  {}", self.server_ms - BEGIN_MS, text());
        }
    }

    /// Lets time pass, and what was on its way arrive.
    pub(crate) fn pass(&mut self, ms: u64) {
        self.server_ms += ms;
        self.late.sort_by_key(|late| std::cmp::Reverse(late.due_ms));
        while self.late.last().is_some_and(|late| late.due_ms <= self.server_ms) {
            let Some(late) = self.late.pop() else { return };
            self.trace(|| format!("a late upload of file {} arrives", late.step));
            self.tally.late += 1;
            self.take_upload(late.step, &late.request);
        }
    }

    /// Lets everything arrive that is still on its way.
    pub(crate) fn settle(&mut self) {
        let last_ms = self.late.iter().map(|late| late.due_ms).max().unwrap_or_default();
        self.pass(last_ms.saturating_sub(self.server_ms));
    }

    pub(crate) fn send_late(&mut self, step: usize, request: Asked, delay_ms: u64) {
        self.late.push(Late { due_ms: self.server_ms + delay_ms, step, request });
    }

    /// Knosc gets an upload, as much of it as there is; what it makes of the file is noted as true.
    pub(crate) fn take_upload(&mut self, step: usize, request: &Asked) -> Answer {
        let before = self.model.uploads().len();
        let answer = self.ask(request);
        let truth = &mut self.truths[step];
        for taken in &self.model.uploads()[before..] {
            assert_eq!(taken.size, truth.content.len() as u64, "another file arrived");
            assert!(!truth.called_unsent, "file {step} was called not sent, and is accepted");
            truth.jobs.push(taken.job_id.clone());
            self.tally.accepted += 1;
        }
        assert!(truth.jobs.len() <= 1, "file {step} was accepted twice: {:?}", truth.jobs);
        if before < self.model.uploads().len() {
            verdict::of_the_order(self, step);
        }
        answer
    }

    /// A proxy sends an upload again that Knosc took, and hands on what it says to that. It is one submission, and two
    /// loads: no client can prevent it, and none may make a third. The answer is believed, and names the second.
    pub(crate) fn take_repetition(&mut self, step: usize, request: &Asked) -> Answer {
        let truth = &mut self.truths[step];
        truth.repeated.append(&mut truth.jobs);
        self.tally.doubled += 1;
        self.take_upload(step, request)
    }

    pub(crate) fn ask(&mut self, request: &Asked) -> Answer {
        let tenant = self.model.default_tenant().to_owned();
        network::answer(self.model.answer(&tenant, request, self.server_ms))
    }

    pub(crate) fn upload_fault(&mut self) -> Option<UploadFault> {
        let fault = self.is_troubled().then(|| network::upload_fault(&mut self.chance));
        self.trace(|| format!("    upload: {fault:?}"));
        if let Some(UploadFault::Around(around)) = fault {
            self.around(around);
        }
        fault
    }

    pub(crate) fn poll_fault(&mut self) -> Option<PollFault> {
        let fault = self.is_troubled().then(|| network::poll_fault(&mut self.chance));
        self.trace(|| format!("    poll: {fault:?}"));
        let tenant = self.model.default_tenant().to_owned();
        let polls = &mut self.model.faults_mut(&tenant).unwrap().polls;
        match fault {
            Some(PollFault::Missing(count)) => polls.omit = count,
            Some(PollFault::Backwards(count)) => polls.backwards = count,
            Some(PollFault::Word(count)) => polls.status_word = Some(("paused".into(), count)),
            Some(PollFault::Foreign) => {
                (polls.foreign, polls.reorder, polls.bare) = (3, true, true);
            }
            Some(PollFault::Around(around)) => self.around(around),
            _ => {}
        }
        fault
    }

    fn around(&mut self, around: Around) {
        let tenant = self.model.default_tenant().to_owned();
        match around {
            Around::Expired(renewal_too) => self.model.expire_sessions(&tenant, renewal_too),
            Around::Lock(lock) => self.model.set_integration_lock(&tenant, lock, self.server_ms),
            Around::Clock(jump_ms) => self.skew_ms = jump_ms,
            Around::Slow(ms) => self.pass(ms),
        }
    }

    /// Whether one of the faults strikes here.
    fn is_troubled(&mut self) -> bool {
        let struck = self.troubles > 0 && self.chance.one_in(self.odds);
        self.troubles -= u64::from(struck);
        struck
    }

    /// Whether the process dies here; that is one of the faults.
    pub(crate) fn is_killed(&mut self) -> bool {
        let struck = self.troubles > 0 && self.chance.one_in(8 * self.odds);
        self.troubles -= u64::from(struck);
        struck
    }

    pub(crate) fn is_calm(&self) -> bool {
        self.troubles == 0
    }

    /// The integration that held the tables lets go.
    pub(crate) fn release(&mut self) {
        let tenant = self.model.default_tenant().to_owned();
        self.model.set_integration_lock(&tenant, IntegrationLock::Free, self.server_ms);
    }

    pub(crate) fn sign_in(&mut self) -> Session {
        let request = authenticate::request(DEFAULT_USER, DEFAULT_PASSWORD);
        match authenticate::read(&self.ask(&asked(&request, Vec::new()))).unwrap() {
            authenticate::SignIn::SignedIn(session) => session,
            other => panic!("{other:?}"),
        }
    }

    /// Renews the session; the network may lose that too.
    pub(crate) fn renew(&mut self) -> bool {
        let before = self.session.clone().unwrap();
        let Some(pair) = &before.refresh else { return false };
        let answer = self.ask(&asked(&token_refresh::request(pair), Vec::new()));
        let answer =
            if self.is_troubled() { network::cut(answer, &mut self.chance) } else { Some(answer) };
        let renewed = answer.and_then(|answer| token_refresh::read(&answer, &before).ok());
        let done = renewed.is_some();
        self.session = renewed.or(Some(before));
        done
    }
}
