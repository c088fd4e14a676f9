//! Uploads and computations: from a good session to a queued job.
//! Reads no file; that is the worker's, when the job's turn comes.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::json;

use super::{
    Tenant, UploadRecord, nowhere,
    session::TokenKind,
    stray_cookie,
    worker::{Job, PLANNING, State, Work},
};
use crate::{
    Knobs, Request, Response, Upload, UploadError,
    data::{read::FileType, tables::Table},
    multipart::{ReadPlan, boundary},
};

/// The last file of each trigger, for the download that the documentation mentions.
pub(super) type Latest = BTreeMap<&'static str, (String, Arc<[u8]>)>;

/// The bytes that every ZIP archive, and so every XLSX, begins with.
const ZIP: &[u8] = b"PK\x03\x04";

impl Tenant {
    pub(super) fn begin_upload(
        &mut self,
        head: &Request,
        knobs: &Knobs,
        now: u64,
    ) -> Result<ReadPlan, Response> {
        if let Some(refusal) = stray_cookie(head, knobs) {
            return Err(refusal);
        }
        let account = self.sessions.check(TokenKind::Access, head, knobs, now)?;
        let table = trigger_of(head, knobs)?;
        if knobs.assumed_upload_needs_edit {
            self.sessions.demand(account, &format!("{} / Edit", table.area))?;
        }
        let boundary = boundary(head.header("content-type"))
            .ok_or_else(|| bad_file(UploadError::NoFile, knobs))?;
        Ok(ReadPlan {
            boundary,
            keep: !knobs.discard_content,
            digest: knobs.digest_content,
            bytes_max: knobs.assumed_upload_bytes_max,
        })
    }

    pub(super) fn take_upload(
        &mut self,
        head: &Request,
        upload: Upload,
        knobs: &Knobs,
        now: u64,
    ) -> Result<(Response, UploadRecord), Response> {
        let table = trigger_of(head, knobs)?;
        let unfit = |message| {
            Response::error(knobs.assumed_bad_file_status, message, &knobs.assumed_codes.bad_file)
        };
        let file_type = FileType::of(&upload.file_name)
            .ok_or_else(|| unfit("Only XLSX and CSV files can be uploaded."))?;
        if file_type == FileType::Xlsx && upload.magic != ZIP && !knobs.discard_content {
            return Err(unfit("The file is not an XLSX workbook."));
        }
        self.worker.advance(&mut self.stores, knobs, now);
        let id = format!("{}-upload-{}", table.trigger, self.draw.suffix());
        let work = match upload.bytes {
            Some(bytes) => {
                let bytes: Arc<[u8]> = bytes.into();
                self.latest.insert(table.trigger, (upload.file_name.clone(), Arc::clone(&bytes)));
                Work::File(file_type, bytes)
            }
            None => Work::Discarded(knobs.discarded_rows),
        };
        self.queue(&id, table.trigger, work, now);
        let record = UploadRecord {
            tenant: String::new(),
            trigger: table.trigger.to_owned(),
            file_name: upload.file_name,
            size: upload.size,
            sha256: upload.sha256,
            job_id: id.clone(),
            at: now,
        };
        let body = json!({"message": "File uploaded. Processing started.", "job_id": id, "status": "queued"});
        Ok((Response::json(knobs.assumed_upload_status, &body), record))
    }

    /// Queues a computation; one that runs already is no reason to refuse (documented).
    pub(super) fn start_planning(
        &mut self,
        account: usize,
        knobs: &Knobs,
        now: u64,
    ) -> Result<Response, Response> {
        if knobs.assumed_upload_needs_edit {
            self.sessions.demand(account, "Inventory Planning / Edit")?;
        }
        let id = format!("{PLANNING}-run-{}", self.draw.suffix());
        self.queue(&id, PLANNING, Work::Planning, now);
        let body = json!({"message": "Processing started.", "job_id": id, "status": "queued"});
        Ok(Response::json(knobs.assumed_upload_status, &body))
    }

    /// Answers the last file of a trigger; the path is inferred, only the section's title is documented.
    pub(super) fn download(&self, trigger: &str, knobs: &Knobs) -> Result<Response, Response> {
        let (name, bytes) = self.latest.get(trigger).ok_or_else(|| nowhere(knobs))?;
        let base = name.rsplit(['/', '\\']).next().unwrap_or_default();
        let mut answer = Response { status: 200, body: bytes.to_vec(), ..Response::default() };
        answer = answer.with_header("Content-Type", "application/octet-stream");
        Ok(answer.with_header("Content-Disposition", &format!("attachment; filename=\"{base}\"")))
    }

    fn queue(&mut self, id: &str, trigger: &'static str, work: Work, now: u64) {
        let faults = std::mem::take(&mut self.faults.jobs);
        self.worker.accept(Job {
            id: id.to_owned(),
            trigger,
            accepted: now,
            work,
            state: State::Queued,
            faults,
        });
    }
}

fn trigger_of(head: &Request, knobs: &Knobs) -> Result<&'static Table, Response> {
    let trigger = head.path.strip_prefix("/api/job/").unwrap_or_default();
    Table::of(trigger).ok_or_else(|| {
        let code = &knobs.assumed_codes.unknown_trigger;
        Response::error(knobs.assumed_unknown_trigger_status, "Unknown trigger.", code)
    })
}

fn bad_file(error: UploadError, knobs: &Knobs) -> Response {
    Response::error(knobs.assumed_bad_file_status, error.message(), &knobs.assumed_codes.bad_file)
}
