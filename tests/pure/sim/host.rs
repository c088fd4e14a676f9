//! A caller in small: one process life after the other over one durable list of facts, with crashes between any two of them.
//!
//! Does what the guest and its host do, in their order: a fact is durable before it is acted on, the seal before the closing
//! boundary leaves. Decides nothing that the machine or the protocol decides.

use crate::network::{self, PollFault, UploadFault, asked};
use crate::world::{Style, World};
use knosc_bulk_import::fault::Fault;
use knosc_bulk_import::job::Job;
use knosc_bulk_import::policy::Policy;
use knosc_bulk_import::protocol::cookies::session_headers;
use knosc_bulk_import::protocol::upload::{Boundary, Frame};
use knosc_bulk_import::protocol::{Answer, Method, Sent, classify, poll};
use knosc_bulk_import::run::{Command, Event, Fact, Report, Resolution, Run, SentFile};
use local_knosc::Request as Asked;

/// Short enough that a held lock costs some dozen polls.
const POLICY: Policy = Policy {
    poll_interval_min_ms: 1_000,
    poll_interval_max_ms: 30_000,
    queued_max_ms: 600_000,
    running_max_ms: 600_000,
    allow_repeated_trigger: true,
};

/// Commands of one life: a patient run takes a hundred.
const TURNS_MAX: usize = 2_000;

/// What one call does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    /// `run-ordered`, or an engine's loop around `planner`.
    RunOrdered,
    /// `upload`: sends its one file and does not watch.
    Upload,
}

pub(crate) enum Ending {
    Crashed,
    Finished(Report),
}

/// The process died.
pub(crate) struct Crash;

/// What came of an upload: what had left, and the answer if there was one.
type Came = (Sent, Option<Answer>);

impl World {
    /// One process, from reading its facts to its end.
    pub(crate) fn live(&mut self, call: Call) -> Ending {
        self.trace(|| format!("{call:?} of {} files, {:?}", self.truths.len(), self.style));
        self.session = Some(self.sign_in());
        let ended = self.work(call);
        self.again.clear();
        if let Ok(report) = ended {
            return Ending::Finished(report);
        }
        self.tally.crashes += 1;
        self.trace(|| "the process dies".to_owned());
        self.truths.iter_mut().for_each(|truth| truth.is_knowable = false);
        self.engine_notes_the_end();
        let pause_ms = self.chance.below(600_000);
        self.pass(pause_ms);
        Ending::Crashed
    }

    fn work(&mut self, call: Call) -> Result<Report, Crash> {
        let mut run = self.recovered();
        for _ in 0..TURNS_MAX {
            if self.style == Style::Engine {
                run = Run::replay(self.plan.clone(), POLICY, &self.durable)
                    .expect("what an engine noted is a history");
            }
            match run.next(self.now_ms()) {
                Command::Finish(report) => return Ok(report),
                Command::WaitMs(_) | Command::Poll(..) if call == Call::Upload => {
                    return Ok(run.report());
                }
                Command::WaitMs(wait_ms) => self.pass(wait_ms),
                Command::Upload(step) => {
                    self.upload(&mut run, step)?;
                    if call == Call::Upload {
                        return Ok(run.report());
                    }
                }
                Command::Poll(step, job) => self.poll(&mut run, step, &job)?,
            }
        }
        panic!("a call did not end in {TURNS_MAX} turns");
    }

    /// One poll beside the run, noted with its facts.
    pub(crate) fn watch(&mut self, step: usize, job: &Job) {
        let mut run = self.recovered();
        if self.poll(&mut run, step, job).is_err() {
            self.tally.crashes += 1;
        }
    }

    pub(crate) fn recovered(&self) -> Run {
        Run::recover(self.plan.clone(), POLICY, &self.durable, self.now_ms())
            .expect("a journal of ours fits its own run")
    }

    /// What the durable facts say, whoever reads them now.
    pub(crate) fn recorded(&self) -> Report {
        self.recovered().report()
    }

    /// An engine may know that a call was ended, and says so.
    fn engine_notes_the_end(&mut self) {
        let Some(Event { step, fact: Fact::UploadStarted(_), .. }) = self.durable.last() else {
            return;
        };
        let step = *step;
        if self.style == Style::Engine && self.chance.one_in(2) {
            let fact = Fact::UploadEnded(Fault::ExecutionFailed);
            self.durable.push(Event { at_ms: self.now_ms(), step, fact });
        }
    }

    fn upload(&mut self, run: &mut Run, step: usize) -> Result<(), Crash> {
        let rules = self.rules;
        self.start(run, step)?;
        let mut came = self.send_file(run, step)?;
        let fault_of = |(sent, answer): &Came, now_ms| {
            let answer = answer.as_ref().filter(|answer| classify::wants_renewal(answer.status))?;
            Some((rules.refused)(answer, *sent, now_ms))
        };
        if let Some(fault @ Fault::PermanentUnauthorized(_)) = fault_of(&came, self.now_ms())
            && self.renew()
        {
            if self.style == Style::Hosted {
                self.record(run, step, Fact::UploadEnded(fault))?;
                self.record(run, step, Fact::Resolved(Resolution::NotAccepted))?;
                self.start(run, step)?;
            }
            came = self.send_file(run, step)?;
        }
        let trigger = self.truths[step].trigger;
        let read = match came {
            (sent, None) => Err(classify::unanswered(sent, "the connection ended")),
            (sent, Some(answer)) => (rules.read)(trigger, &answer, sent, self.now_ms()),
        };
        match read {
            Ok(report) => self.record(run, step, Fact::UploadAccepted(report.job)),
            Err(fault) => self.record(run, step, Fact::UploadEnded(fault)),
        }
    }

    fn start(&mut self, run: &mut Run, step: usize) -> Result<(), Crash> {
        let truth = &mut self.truths[step];
        truth.called_unsent = false;
        let file = SentFile {
            trigger: truth.trigger,
            name: format!("{}.csv", truth.trigger),
            size: truth.content.len() as u64,
            sha256: None,
            seal_follows: self.style == Style::Hosted,
        };
        self.record(run, step, Fact::UploadStarted(file))
    }

    /// One request, byte by byte: what arrives of it, what the sender notices and when, and the answer.
    fn send_file(&mut self, run: &mut Run, step: usize) -> Result<Came, Crash> {
        let (request, tail) = self.upload_request(step);
        let body = request.body.len() as u64;
        let sealed = body - tail;
        let fault = self.upload_fault();
        let place = self.chance.place(body, sealed);
        let is_slow_to_notice = self.chance.one_in(4);
        self.truths[step].is_knowable = true;
        match fault {
            Some(UploadFault::Refused) => return Ok((Sent::Nothing, None)),
            Some(UploadFault::Cut) if place < sealed && !is_slow_to_notice => {
                self.take_part(step, &request, place);
                return Ok((Sent::Part, None));
            }
            Some(UploadFault::AcceptedEarly) => {
                self.take_part(step, &request, place.min(sealed));
                self.truths[step].is_knowable = false;
                self.tally.early += 1;
                let body = r#"{"job_id":"upload-of-a-part","status":"completed"}"#;
                return Ok((Sent::Part, Some(network::page(200, body, &mut self.chance))));
            }
            Some(UploadFault::Early(status)) if !is_slow_to_notice => {
                self.take_part(step, &request, place.min(sealed));
                let page = network::page(status, "<html>no</html>", &mut self.chance);
                return Ok((Sent::Part, Some(page)));
            }
            _ => {}
        }
        if self.style == Style::Hosted {
            self.record(run, step, Fact::UploadSealed(tail as u32))?;
        }
        self.pass(40);
        self.truths[step].is_knowable = false;
        let came = match fault {
            Some(UploadFault::Cut) => {
                self.take_part(step, &request, place);
                // The host counts what it handed to the connection: less than the closing boundary is a proof.
                let handed_over = place + self.chance.below(body - place + 1);
                let is_proof = handed_over < body - 2;
                self.truths[step].is_knowable = is_proof;
                (if is_proof { Sent::Part } else { Sent::Sealed }, None)
            }
            Some(UploadFault::Late(delay_ms)) => {
                self.send_late(step, request, delay_ms);
                self.pass(300_000);
                (Sent::Sealed, None)
            }
            Some(UploadFault::Early(status) | UploadFault::ProxyBefore(status)) => {
                let page = network::page(status, "<html>busy</html>", &mut self.chance);
                (Sent::Sealed, Some(page))
            }
            Some(UploadFault::Captive) => {
                let page = network::page(200, "<html>Welcome</html>", &mut self.chance);
                (Sent::Sealed, Some(page))
            }
            fault => (Sent::Sealed, self.taken_whole(step, &request, fault)),
        };
        if self.is_killed() { Err(Crash) } else { Ok(came) }
    }

    /// Knosc has the whole request; what of its answer comes back.
    fn taken_whole(
        &mut self,
        step: usize,
        request: &Asked,
        fault: Option<UploadFault>,
    ) -> Option<Answer> {
        let answer = self.take_upload(step, request);
        let is_taken = answer.status == 200;
        match fault {
            Some(UploadFault::AnswerCut) => network::cut(answer, &mut self.chance),
            Some(UploadFault::ProxyAfter(status)) => {
                Some(network::page(status, "<html>busy</html>", &mut self.chance))
            }
            Some(UploadFault::RefusedAfter(status, body)) => {
                self.tally.refused_late += 1;
                Some(network::page(status, body, &mut self.chance))
            }
            Some(UploadFault::Repeated) if is_taken => {
                self.truths[step].is_knowable = true;
                Some(self.take_repetition(step, request))
            }
            Some(UploadFault::Odd(status, body)) if is_taken => {
                Some(Answer { status, body: body.into(), ..answer })
            }
            _ => {
                self.truths[step].is_knowable = true;
                Some(answer)
            }
        }
    }

    /// Knosc, or whoever stands before it and knows no `Content-Length`, gets the start of an upload.
    fn take_part(&mut self, step: usize, request: &Asked, bytes: u64) {
        let mut part = request.clone();
        part.body.truncate(bytes as usize);
        self.take_upload(step, &part);
    }

    fn upload_request(&self, step: usize) -> (Asked, u64) {
        let (trigger, content) = (self.truths[step].trigger, self.truths[step].content);
        let size = content.len() as u64;
        let boundary = Boundary::from_random(step as u128);
        let frame = Frame::new(trigger, &format!("{trigger}.csv"), size, &boundary).unwrap();
        let body = [frame.head.as_slice(), content.as_bytes(), frame.tail.as_slice()].concat();
        let session = session_headers(self.session.as_ref().unwrap(), Method::Post);
        let request = session.into_iter().fold(
            Asked::new("POST", &frame.path)
                .with_header("content-type", &frame.content_type)
                .with_header("content-length", &frame.content_length.to_string())
                .with_body(body),
            |request, (name, value)| request.with_header(name, &value),
        );
        (request, frame.tail.len() as u64)
    }

    fn poll(&mut self, run: &mut Run, step: usize, job: &Job) -> Result<(), Crash> {
        let jobs = [job.clone()];
        let fault = self.poll_fault();
        let mut came = self.poll_once(&jobs, fault);
        if came.as_ref().is_some_and(|answer| classify::wants_renewal(answer.status))
            && self.renew()
        {
            came = self.poll_once(&jobs, None);
        }
        let read = match came {
            None => Err(classify::unanswered(Sent::Nothing, "the connection ended")),
            Some(Answer { status, headers, body, .. }) => {
                (self.rules.polled)(&jobs, status, &headers, body.as_slice(), self.now_ms())
            }
        };
        let fact = match read {
            Ok(reports) => Fact::JobObserved(reports.into_iter().next().unwrap()),
            Err(fault) => Fact::PollFailed(fault),
        };
        if matches!(fault, Some(PollFault::Twice)) && self.style == Style::Engine {
            self.again.push((step, fact.clone()));
        }
        self.record(run, step, fact)?;
        if !self.again.is_empty() && self.chance.one_in(2) {
            let (step, fact) = self.again.remove(0);
            self.record(run, step, fact)?;
        }
        Ok(())
    }

    fn poll_once(&mut self, jobs: &[Job], fault: Option<PollFault>) -> Option<Answer> {
        let request = poll::request(jobs).unwrap();
        let session = session_headers(self.session.as_ref().unwrap(), Method::Get);
        self.pass(20);
        match fault {
            Some(PollFault::NoAnswer) => return None,
            Some(PollFault::Proxy(status)) => {
                return Some(network::page(status, "<html>busy</html>", &mut self.chance));
            }
            Some(PollFault::Page) => {
                return Some(network::page(200, "<html>hello</html>", &mut self.chance));
            }
            Some(PollFault::Stale) if self.cached.is_some() => return self.cached.clone(),
            _ => {}
        }
        let mut answer = self.ask(&asked(&request, session));
        if let Some(PollFault::Contradicted(behind)) = fault {
            answer = network::contradicted(answer, behind);
            return Some(answer);
        }
        if matches!(fault, Some(PollFault::AnswerCut)) {
            return network::cut(answer, &mut self.chance);
        }
        self.cached = Some(answer.clone());
        Some(answer)
    }

    /// Durable first, then acted on; the process may die before and after. What repeats the fact before need not be written.
    fn record(&mut self, run: &mut Run, step: usize, fact: Fact) -> Result<(), Crash> {
        if self.is_killed() {
            return Err(Crash);
        }
        let event = Event { at_ms: self.now_ms(), step, fact };
        self.trace(|| format!("  {step}: {:?}", event.fact));
        let repeats = run.history().last().is_some_and(|last| event.repeats(last));
        if !repeats || self.style == Style::Engine {
            self.durable.push(event.clone().without_row_errors());
        }
        if self.is_killed() {
            return Err(Crash);
        }
        run.apply(event).expect("the caller does as it is told");
        Ok(())
    }
}
