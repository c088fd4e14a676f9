//! The world `portable`: the three exports as plain values, for any engine with WASI 0.2 and wasi:http.
//!
//! Keeps nothing between two calls: a run's memory is the `history` that its caller passes.

mod access;
mod content;
mod file;
mod memory;
mod planner;
mod sessions;
mod url;

use self::access::SessionAccess;
use self::content::item;
use super::bindings::Component;
use super::bindings::exports::knosc::bulk_import::importer;
use super::bindings::types as wit;
use super::convert::{to_core, to_wit};
use super::drive::{Drive, impatient, look_at_all, plan, unfit};
use super::upload::{Seal, UploadError, send};
use super::{calls, clock};
use crate::fault::Fault;
use crate::job::JobReport;
use crate::origin::{Origin, OriginError};
use crate::protocol::{ANSWER_BYTES_MAX, POLL_ANSWER_BYTES_MAX, templates};
use crate::run::{Report, Run};

impl importer::Guest for Component {
    fn upload(
        connection: importer::Connection,
        file: importer::File,
    ) -> Result<wit::JobReport, wit::Fault> {
        upload(connection, &file).map(to_wit::job_report).map_err(to_wit::fault)
    }

    fn poll(
        connection: importer::Connection,
        jobs: Vec<wit::Job>,
    ) -> Result<Vec<wit::JobReport>, wit::Fault> {
        poll(connection, jobs).map(to_wit::job_reports).map_err(to_wit::fault)
    }

    fn templates(connection: importer::Connection) -> Result<String, wit::Fault> {
        list_templates(connection).map_err(to_wit::fault)
    }

    fn require_finished(
        connection: importer::Connection,
        job: wit::Job,
    ) -> Result<wit::JobReport, wit::Fault> {
        require_finished(connection, job).map(to_wit::job_report).map_err(to_wit::fault)
    }

    fn run_ordered(
        connection: importer::Connection,
        files: Vec<importer::File>,
        policy: wit::Policy,
        history: Vec<wit::Event>,
    ) -> Result<wit::Report, wit::Fault> {
        run_ordered(connection, &files, policy, history).map(to_wit::report).map_err(to_wit::fault)
    }
}

/// The origin of a base URL.
fn origin(base_url: &str) -> Result<Origin, Fault> {
    base_url
        .parse()
        .map_err(|error: OriginError| Fault::PermanentInvalid(format!("{error}: {}", error.hint())))
}

/// Files first, sign-in after: a file that must not be sent costs no request.
fn upload(connection: importer::Connection, file: &importer::File) -> Result<JobReport, Fault> {
    let origin = origin(&connection.base_url)?;
    let item = item(file)?;
    item.content.look()?;
    let mut access = SessionAccess::of(connection.auth, &origin)?;
    send(&origin, &item, &mut access, Seal::Absent, &mut |_| Ok(())).map_err(|error| match error {
        UploadError::Fault(fault) | UploadError::Unrecorded(fault) => fault,
    })
}

fn poll(connection: importer::Connection, jobs: Vec<wit::Job>) -> Result<Vec<JobReport>, Fault> {
    let origin = origin(&connection.base_url)?;
    let jobs = to_core::jobs(jobs)?;
    crate::protocol::poll::request(&jobs)?;
    let mut access = SessionAccess::of(connection.auth, &origin)?;
    calls::poll_once(&origin, &mut access, &jobs)
}

fn require_finished(connection: importer::Connection, job: wit::Job) -> Result<JobReport, Fault> {
    let reports = poll(connection, vec![job])?;
    match reports.into_iter().next() {
        Some(report) if report.status.is_final() => Ok(report),
        Some(report) => Err(Fault::NotFinished(Box::new(report))),
        None => Err(Fault::Transient(crate::fault::Refusal::unanswered(
            "the answer could not be read as one job",
        ))),
    }
}

fn list_templates(connection: importer::Connection) -> Result<String, Fault> {
    let origin = origin(&connection.base_url)?;
    let mut access = SessionAccess::of(connection.auth, &origin)?;
    let answer = calls::ask(&origin, &mut access, &templates::request())?;
    let is_listed = (200..=299).contains(&answer.status);
    let max = if is_listed { POLL_ANSWER_BYTES_MAX } else { ANSWER_BYTES_MAX };
    templates::read(&answer.read(max), clock::now_ms())
}

fn run_ordered(
    connection: importer::Connection,
    files: &[importer::File],
    policy: wit::Policy,
    history: Vec<wit::Event>,
) -> Result<Report, Fault> {
    let origin = origin(&connection.base_url)?;
    let policy = to_core::policy(policy);
    policy.check(origin.is_loopback()).map_err(|error| impatient(&error))?;
    let items = files.iter().map(item).collect::<Result<Vec<_>, _>>()?;
    let plan = plan(&items, &policy)?;
    let history = to_core::history(history)?;
    let mut run =
        Run::recover(plan, policy, &history, clock::now_ms()).map_err(|illegal| unfit(&illegal))?;
    if history.is_empty() {
        look_at_all(&items)?;
    }
    let mut access = SessionAccess::of(connection.auth, &origin)?;
    let mut drive = Drive {
        origin: &origin,
        access: &mut access,
        items: &items,
        seal: Seal::Absent,
        append: &mut |_| Ok(()),
    };
    drive.run(&mut run)
}
