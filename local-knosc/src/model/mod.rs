//! Knosc as a pure model: a request and a moment go in, an answer comes out.
//! No clock, no socket, no randomness but a seeded counter; cheap to make and to clone, so that a simulation can.

mod auth;
mod draw;
mod inspect;
mod jobs;
mod lists;
mod local;
mod log;
mod polls;
mod session;
pub(crate) mod time;
mod worker;

use std::{collections::BTreeMap, fmt};

pub use log::{RequestRecord, UploadRecord};
pub use worker::IntegrationLock;

use self::{draw::Draw, jobs::Latest, log::Log, session::Sessions, worker::Worker};
use crate::{
    Config, Faults, Knobs, Request, Response, Upload, UploadError,
    data::store::Stores,
    faults::When,
    multipart::{self, ReadPlan},
};

/// Several tenants of Knosc.
#[derive(Clone)]
pub struct Model {
    knobs: Knobs,
    default_tenant: String,
    tenants: BTreeMap<String, Tenant>,
    log: Log,
}

/// What belongs to one tenant; no request sees another one's.
#[derive(Clone)]
struct Tenant {
    sessions: Sessions,
    stores: Stores,
    worker: Worker,
    latest: Latest,
    faults: Faults,
    draw: Draw,
}

/// What becomes of an upload before its body is read.
#[derive(Debug, Clone)]
pub enum Begin {
    /// It is answered already.
    Answer(Response),
    /// Its body is to be read so, and handed to [`Model::finish_upload`] or [`Model::refuse_upload`].
    Read(ReadPlan),
}

/// Names the tenants and no more: what they hold are passwords and tokens.
impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Model").field("tenants", &self.tenants.keys()).finish_non_exhaustive()
    }
}

impl Model {
    /// Makes a model in which nothing has happened yet.
    pub fn new(config: Config) -> Self {
        let seed = config.seed;
        let tenant = |name: &str, users| Tenant {
            sessions: Sessions::new(users, Draw::new(seed, &format!("{name} sessions"))),
            stores: Stores::default(),
            worker: Worker::default(),
            latest: Latest::default(),
            faults: Faults::default(),
            draw: Draw::new(seed, &format!("{name} jobs")),
        };
        let tenants = config
            .tenants
            .into_iter()
            .map(|t| (t.name.clone(), tenant(&t.name, t.users)))
            .collect();
        Self {
            knobs: config.knobs,
            default_tenant: config.default_tenant,
            tenants,
            log: Log::default(),
        }
    }

    /// Answers a request. `now_ms` never goes back; since 1970 if TOTP codes matter.
    pub fn answer(&mut self, tenant: &str, request: &Request, now_ms: u64) -> Response {
        if request.path.starts_with("/_local/") {
            return self.answer_local(tenant, request, now_ms);
        }
        if Self::is_upload(request) {
            return match self.begin_upload(tenant, request, now_ms) {
                Begin::Answer(answer) => answer,
                Begin::Read(plan) => match multipart::read_slice(&request.body, &plan) {
                    Ok(upload) => self.finish_upload(tenant, request, upload, now_ms),
                    Err(error) => self.refuse_upload(tenant, request, error, now_ms),
                },
            };
        }
        self.log.count(request);
        let Self { knobs, tenants, .. } = self;
        let answer = match tenants.get_mut(tenant) {
            None => nowhere(knobs),
            Some(tenant) => match tenant
                .strike(When::Early, request)
                .or_else(|| tenant.strike(When::Before, request))
            {
                Some(bent) => bent,
                None => tenant.answer(request, knobs, now_ms),
            },
        };
        self.close(tenant, request, answer, now_ms)
    }

    /// Says whether a request carries a file, so that whoever has a stream reads it by [`Model::begin_upload`].
    pub fn is_upload(request: &Request) -> bool {
        let trigger = request.path.strip_prefix("/api/job/");
        request.method == "POST" && trigger.is_some_and(|trigger| trigger != worker::PLANNING)
    }

    /// Checks an upload's head: session, CSRF, trigger, privilege, content type.
    pub fn begin_upload(&mut self, tenant: &str, head: &Request, now_ms: u64) -> Begin {
        self.log.count(head);
        let Self { knobs, tenants, .. } = self;
        let begun = match tenants.get_mut(tenant) {
            None => Err(nowhere(knobs)),
            Some(tenant) => match tenant.strike(When::Early, head) {
                Some(bent) => Err(bent),
                None => tenant.begin_upload(head, knobs, now_ms),
            },
        };
        match begun {
            Ok(plan) => Begin::Read(plan),
            Err(answer) => Begin::Answer(self.close(tenant, head, answer, now_ms)),
        }
    }

    /// Takes a file that arrived whole, and queues it if it is fit.
    pub fn finish_upload(
        &mut self,
        tenant: &str,
        head: &Request,
        upload: Upload,
        now_ms: u64,
    ) -> Response {
        let Self { knobs, tenants, log, .. } = self;
        let answer = match tenants.get_mut(tenant) {
            None => nowhere(knobs),
            Some(state) => match state.strike(When::Before, head) {
                Some(bent) => bent,
                None => match state.take_upload(head, upload, knobs, now_ms) {
                    Ok((answer, mut record)) => {
                        tenant.clone_into(&mut record.tenant);
                        log.accept(record);
                        answer
                    }
                    Err(refusal) => refusal,
                },
            },
        };
        self.close(tenant, head, answer, now_ms)
    }

    /// Answers an upload whose body was none; nothing is queued.
    pub fn refuse_upload(
        &mut self,
        tenant: &str,
        head: &Request,
        error: UploadError,
        now_ms: u64,
    ) -> Response {
        let codes = &self.knobs.assumed_codes;
        let answer = match error {
            UploadError::TooBig => {
                Response::error(self.knobs.assumed_too_big_status, error.message(), &codes.too_big)
            }
            _ => Response::error(
                self.knobs.assumed_bad_file_status,
                error.message(),
                &codes.bad_file,
            ),
        };
        self.close(tenant, head, answer, now_ms)
    }

    /// Bends the answer if a test asked for it, and writes the log.
    fn close(&mut self, tenant: &str, request: &Request, answer: Response, now: u64) -> Response {
        let struck =
            self.tenants.get_mut(tenant).and_then(|t| t.faults.strike(When::After, request));
        let answer = match struck {
            Some(fault) => fault.bend(answer),
            None => answer,
        };
        self.log.write(tenant, request, &answer, now, self.knobs.request_log_max);
        answer
    }
}

impl Tenant {
    fn strike(&mut self, when: When, request: &Request) -> Option<Response> {
        self.faults.strike(when, request).map(|fault| fault.bend(Response::default()))
    }

    fn answer(&mut self, request: &Request, knobs: &Knobs, now: u64) -> Response {
        self.worker.advance(&mut self.stores, knobs, now);
        if let Some(refusal) = stray_cookie(request, knobs) {
            return refusal;
        }
        if let Some(answer) = self.sessions.route(request, knobs, now) {
            return answer;
        }
        self.answer_in_session(request, knobs, now).unwrap_or_else(|refusal| refusal)
    }

    fn answer_in_session(
        &mut self,
        request: &Request,
        knobs: &Knobs,
        now: u64,
    ) -> Result<Response, Response> {
        let account = self.sessions.check(session::TokenKind::Access, request, knobs, now)?;
        match (request.method.as_str(), request.path.as_str()) {
            ("GET", "/api/job") => self.poll(request, knobs, now),
            ("GET", "/api/templates") => Ok(lists::templates()),
            ("GET", "/api/validate-privileges") => {
                lists::validate(&self.sessions, account, request)
            }
            ("POST", "/api/job/inventory-planning") => self.start_planning(account, knobs, now),
            ("GET", path) => match path.strip_prefix("/api/job/") {
                Some(trigger) => self.download(trigger, knobs),
                None => self.list(account, request, knobs),
            },
            _ => Err(nowhere(knobs)),
        }
    }
}

/// Answers what is not there, in the documented envelope.
fn nowhere(knobs: &Knobs) -> Response {
    Response::error(404, "Not found", &knobs.assumed_codes.unknown_route)
}

/// Refuses the refresh cookie where its `Path` does not lead: a server cannot see the path that a client kept.
fn stray_cookie(request: &Request, knobs: &Knobs) -> Option<Response> {
    let strays =
        request.path != session::REFRESH_PATH && request.cookie("refresh_token_cookie").is_some();
    (knobs.assumed_stray_refresh_cookie_refused && strays).then(|| {
        Response::error(
            400,
            "The refresh cookie does not belong here.",
            &knobs.assumed_codes.stray_cookie,
        )
    })
}
