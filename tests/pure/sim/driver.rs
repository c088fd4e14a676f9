//! A host in small: one process life after the other over one durable journal, with crashes between any two facts.
//!
//! Does what the guest and the runner do, in their order: a fact is durable before it is acted on, the seal before the
//! closing boundary leaves. Decides nothing that the machine or the protocol decides.

use crate::chance::Chance;
use crate::network::{self, Came, Fault, asked};
use knosc_bulk_import::job::Job;
use knosc_bulk_import::plan::{Plan, Planned};
use knosc_bulk_import::policy::Policy;
use knosc_bulk_import::protocol::cookies::session_headers;
use knosc_bulk_import::protocol::{
    Answer, Method, Sent, authenticate, classify, poll, token_refresh, upload,
};
use knosc_bulk_import::run::{Command, Event, Fact, Outcome, Report, Resolution, Run, SentFile};
use knosc_bulk_import::session::Session;
use knosc_bulk_import::trigger::Trigger;
use local_knosc::{Config, DEFAULT_PASSWORD, DEFAULT_USER, Model, Request};

const FILES: [(Trigger, &str); 4] = [
    (Trigger::UnitMaster, "_UnitCode,_UnitName\nEA,Each\nBX,Box\n"),
    (Trigger::WarehouseMaster, "_WarehouseNumber,_WarehouseName\nW1,North\n"),
    (Trigger::SupplierMaster, "_SupplierNumber,_SupplierName\nS1,Acme\n"),
    (Trigger::CustomerMaster, "_CustomerNumber,_CustomerName\nC1,Birch\n"),
];

/// Unix time at which the simulation begins; far enough from 0 for one-time codes and dates.
const BEGIN_MS: u64 = 1_717_200_000_000;

pub(crate) enum Ending {
    Crashed,
    Finished(Report),
}

/// The process died.
struct Crash;

pub(crate) struct World {
    pub(crate) model: Model,
    pub(crate) durable: Vec<Event>,
    pub(crate) plan: Plan,
    pub(crate) crashes: u64,
    pub(crate) unknowns: u64,
    chance: Chance,
    now_ms: u64,
    /// Faults still to come; the world then becomes calm, so that every run can end.
    troubles: u64,
    session: Option<Session>,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let count = 1 + chance.below(FILES.len() as u64) as usize;
        let planned = |(trigger, _): &(Trigger, &str)| Planned {
            trigger: *trigger,
            file_name: format!("{trigger}.csv"),
        };
        let files: Vec<Planned> = FILES.iter().take(count).map(planned).collect();
        let config = Config { seed, ..Config::default() };
        Self {
            model: Model::new(config),
            durable: Vec::new(),
            plan: Plan::new(files, false).unwrap(),
            crashes: 0,
            unknowns: 0,
            troubles: 1 + chance.below(4),
            chance,
            now_ms: BEGIN_MS,
            session: None,
        }
    }

    /// One process, from reading the journal to its end.
    pub(crate) fn live(&mut self) -> Ending {
        self.session = Some(self.sign_in());
        let policy = Policy { queued_max_ms: 7_200_000, ..Policy::default() };
        let mut run = Run::recover(self.plan.clone(), policy, &self.durable, self.now_ms)
            .expect("a journal of ours fits its own run");
        loop {
            let turn = match run.next(self.now_ms) {
                Command::Finish(report) => return Ending::Finished(report),
                Command::WaitMs(wait_ms) => {
                    self.now_ms += wait_ms;
                    Ok(())
                }
                Command::Upload(step) => self.upload(&mut run, step),
                Command::Poll(step, job) => self.poll(&mut run, step, &job),
            };
            if turn.is_err() {
                self.crashes += 1;
                self.now_ms += self.chance.below(600_000);
                return Ending::Crashed;
            }
        }
    }

    /// What a person does with a finished run: looks at Knosc where we do not know, and resumes. False when all is loaded.
    pub(crate) fn person_decides(&mut self, report: &Report) -> bool {
        let open = report.steps.iter().enumerate().find(|(_, step)| !step.outcome.is_done());
        let Some((step, open)) = open else { return false };
        let trigger = open.trigger;
        let resolution = match &open.outcome {
            Outcome::Unknown(_) => {
                self.unknowns += 1;
                let known =
                    self.model.uploads().iter().find(|known| known.trigger == trigger.name());
                let job = known.map(|known| Job { trigger, job_id: known.job_id.clone() });
                job.map_or(Resolution::NotAccepted, Resolution::Accepted)
            }
            Outcome::Refused(_) => Resolution::NotAccepted,
            Outcome::Pending(_) | Outcome::NotStarted => return true,
            other => panic!("{trigger} ended as {}", other.word()),
        };
        self.durable.push(Event { at_ms: self.now_ms, step, fact: Fact::Resolved(resolution) });
        true
    }

    fn upload(&mut self, run: &mut Run, step: usize) -> Result<(), Crash> {
        let (trigger, content) = FILES[step];
        let name = format!("{trigger}.csv");
        for attempt in 1..=2 {
            let (sent, came) = self.send_file(run, step, trigger, &name, content)?;
            let renew =
                matches!(&came, Came::Answer(answer) if classify::wants_renewal(answer.status));
            let read = match came {
                Came::Nothing => Err(classify::unanswered(sent, "the connection ended")),
                Came::Answer(answer) => upload::read(trigger, &answer, sent, self.now_ms),
            };
            match read {
                Ok(report) => return self.record(run, step, Fact::UploadAccepted(report.job)),
                Err(fault) => self.record(run, step, Fact::UploadEnded(fault))?,
            }
            if attempt == 2 || !renew || !self.renew() {
                return Ok(());
            }
            self.record(run, step, Fact::Resolved(Resolution::NotAccepted))?;
        }
        Ok(())
    }

    fn send_file(
        &mut self,
        run: &mut Run,
        step: usize,
        trigger: Trigger,
        name: &str,
        content: &str,
    ) -> Result<(Sent, Came), Crash> {
        let size = content.len() as u64;
        let frame = upload::Frame::new(trigger, name, size).unwrap();
        let file =
            SentFile { trigger, name: name.to_owned(), size, sha256: None, seal_follows: true };
        self.record(run, step, Fact::UploadStarted(file))?;
        let body = [frame.head.as_slice(), content.as_bytes(), frame.tail.as_slice()].concat();
        let (length, tail) = (body.len() as u64, frame.tail.len() as u64);
        let fault = self.trouble();
        // What broke off before the last bytes never reaches the seal.
        if let Some(Fault::Refused) = fault {
            return Ok((Sent::Nothing, Came::Nothing));
        }
        if let Some(Fault::Cut(thousandths)) = fault
            && length * thousandths / 1_000 < length - tail
        {
            return Ok((Sent::Part, Came::Nothing));
        }
        self.record(run, step, Fact::UploadSealed(tail as u32))?;
        let session = session_headers(self.session.as_ref().unwrap(), Method::Post);
        let request = session.into_iter().fold(
            Request::new("POST", &frame.path)
                .with_header("content-type", &frame.content_type)
                .with_header("content-length", &frame.content_length.to_string())
                .with_body(body),
            |request, (name, value)| request.with_header(name, &value),
        );
        let came = network::send(&mut self.model, &request, length, fault, self.now_ms);
        self.now_ms += 40;
        Ok((Sent::Sealed, came))
    }

    fn poll(&mut self, run: &mut Run, step: usize, job: &Job) -> Result<(), Crash> {
        let jobs = [job.clone()];
        let request = poll::request(&jobs).unwrap();
        let fault = self.trouble();
        let session = session_headers(self.session.as_ref().unwrap(), Method::Get);
        let came =
            network::send(&mut self.model, &asked(&request, session), 200, fault, self.now_ms);
        self.now_ms += 20;
        let read = match came {
            Came::Nothing => Err(classify::unanswered(Sent::Nothing, "the connection ended")),
            Came::Answer(answer) if classify::wants_renewal(answer.status) && self.renew() => {
                return Ok(());
            }
            Came::Answer(Answer { status, headers, body, .. }) => {
                poll::read(&jobs, status, &headers, body.as_slice(), self.now_ms)
            }
        };
        let fact = match read {
            Ok(reports) => Fact::JobObserved(reports.into_iter().next().unwrap()),
            Err(fault) => Fact::PollFailed(fault),
        };
        self.record(run, step, fact)
    }

    /// Durable first, then acted on; the process may die before and after.
    fn record(&mut self, run: &mut Run, step: usize, fact: Fact) -> Result<(), Crash> {
        self.may_crash()?;
        let event = Event { at_ms: self.now_ms, step, fact };
        let repeats = run.history().last().is_some_and(|last| event.repeats(last));
        if !repeats {
            self.durable.push(event.clone().without_row_errors());
        }
        self.may_crash()?;
        run.apply(event).expect("the driver does as it is told");
        Ok(())
    }

    fn may_crash(&mut self) -> Result<(), Crash> {
        if self.troubles > 0 && self.chance.one_in(25) {
            self.troubles -= 1;
            return Err(Crash);
        }
        Ok(())
    }

    fn trouble(&mut self) -> Option<Fault> {
        if self.troubles == 0 || !self.chance.one_in(3) {
            return None;
        }
        self.troubles -= 1;
        Some(network::draw(&mut self.chance))
    }

    fn sign_in(&mut self) -> Session {
        let request = authenticate::request(DEFAULT_USER, DEFAULT_PASSWORD);
        let tenant = self.model.default_tenant().to_owned();
        let response = self.model.answer(&tenant, &asked(&request, Vec::new()), self.now_ms);
        match authenticate::read(&network::answer(response)).unwrap() {
            authenticate::SignIn::SignedIn(session) => session,
            other => panic!("{other:?}"),
        }
    }

    fn renew(&mut self) -> bool {
        let before = self.session.clone().unwrap();
        let Some(pair) = &before.refresh else { return false };
        let request = token_refresh::request(pair);
        let tenant = self.model.default_tenant().to_owned();
        let response = self.model.answer(&tenant, &asked(&request, Vec::new()), self.now_ms);
        let renewed = token_refresh::read(&network::answer(response), &before).ok();
        let done = renewed.is_some();
        self.session = renewed.or(Some(before));
        done
    }
}
