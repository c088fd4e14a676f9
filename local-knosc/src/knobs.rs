//! Every behaviour that the documentation leaves open, as a knob with the most conservative default.
//! A knob named `assumed_*` is our assumption and not Knosc's word; the others are only about this stand-in.

use serde::{Deserialize, Serialize};

/// How the stand-in behaves; any of it may change while it runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is one independent yes or no about an undocumented behaviour"
)]
pub struct Knobs {
    /// How fast a tenant's worker reads rows. 20,000 lets a demo of 13 files end within seconds.
    pub rows_per_second: u64,
    /// How long a job stays `queued` with nothing before it, so that a poll can see it.
    pub queued_ms: u64,
    /// Only count and hash uploads, for files that should not be held in memory; no row is then checked or stored.
    pub discard_content: bool,
    /// Hash uploads. Off for a benchmark that is not to measure SHA-256; the digest is then empty.
    pub digest_content: bool,
    /// The rows that a discarded upload is said to have.
    pub discarded_rows: u64,
    /// How many requests the log keeps; the oldest go first.
    pub request_log_max: usize,

    /// The status of an accepted upload (not printed in the documentation; its table knows no 201 or 202).
    pub assumed_upload_status: u16,
    /// The largest upload; `None` because no limit is documented.
    pub assumed_upload_bytes_max: Option<u64>,
    /// The status for an upload over that limit.
    pub assumed_too_big_status: u16,
    /// The status for a trigger that does not exist.
    pub assumed_unknown_trigger_status: u16,
    /// The status for a missing, empty or unfit file part.
    pub assumed_bad_file_status: u16,
    /// An upload needs `<area> / Edit` of its trigger.
    pub assumed_upload_needs_edit: bool,
    /// What the header row has to hold.
    pub assumed_header_check: HeaderCheck,
    /// What a row number counts.
    pub assumed_row_base: RowBase,
    /// What stays stored when a job fails.
    pub assumed_partial_commit: PartialCommit,
    /// How many row errors a job lists at most.
    pub assumed_errors_listed_max: usize,
    /// REFRESH also closes masters that the file leaves out (documented only for lines).
    pub assumed_refresh_closes_masters: bool,
    /// How long `inventory-planning` runs.
    pub assumed_planning_ms: u64,

    /// A poll for a job that is not there.
    pub assumed_unknown_job: UnknownJob,
    /// What a poll says of a queued job.
    pub assumed_queued_body: QueuedBody,
    /// How long a finished job can still be polled; `None` for ever.
    pub assumed_job_retention_ms: Option<u64>,

    /// How long an access token lives; a quarter of an hour is the default of the library that the cookie names point to.
    pub assumed_access_token_ms: Option<u64>,
    /// How long a refresh token lives; 30 days, from the same library.
    pub assumed_refresh_token_ms: Option<u64>,
    /// An access token dies after so many requests.
    pub assumed_expire_after_requests: Option<u64>,
    /// Attributes appended to each cookie, such as `; Secure`.
    pub assumed_cookie_attributes: String,
    /// How a session that is missing, over or without its CSRF token is refused.
    pub assumed_session_refusals: SessionRefusals,
    /// The status for a wrong CSRF value (a missing one is documented: 422).
    pub assumed_wrong_csrf_status: u16,
    /// The refresh cookie at any path but its own is refused, so that a client that ignores `Path` is found out.
    pub assumed_stray_refresh_cookie_refused: bool,
    /// The body of a good token-refresh.
    pub assumed_refresh_body: String,
    /// The body of a good logout.
    pub assumed_logout_body: String,
    /// Logout also ends the tokens (the documentation says that there is no blocklist).
    pub assumed_logout_revokes: bool,

    /// The status of a locked account.
    pub assumed_lockout_status: u16,
    /// The first lock's length; each further failure doubles it.
    pub assumed_lockout_base_ms: u64,
    /// A locked account's answer carries `Retry-After`.
    pub assumed_lockout_retry_after: bool,
    /// verify-2fa also sets the refresh cookies (the documentation shows only the access pair).
    pub assumed_two_factor_sets_refresh: bool,
    /// How long the password step stays good for verify-2fa.
    pub assumed_two_factor_pending_ms: u64,
    /// How many 30-second steps a TOTP code may be off, either way.
    pub assumed_totp_skew_steps: u64,
    /// A TOTP code is taken once only, as RFC 6238 wants.
    pub assumed_totp_single_use: bool,
    /// Wrong TOTP codes count towards the lockout.
    pub assumed_two_factor_failures_lock: bool,

    /// Rows in a list answer when the request does not say.
    pub assumed_page_size: usize,
    /// Error codes that the documentation does not give.
    pub assumed_codes: AssumedCodes,
}

impl Default for Knobs {
    fn default() -> Self {
        Self {
            rows_per_second: 20_000,
            queued_ms: 0,
            discard_content: false,
            digest_content: true,
            discarded_rows: 1_000,
            request_log_max: 10_000,
            assumed_upload_status: 200,
            assumed_upload_bytes_max: None,
            assumed_too_big_status: 413,
            assumed_unknown_trigger_status: 400,
            assumed_bad_file_status: 400,
            assumed_upload_needs_edit: true,
            assumed_header_check: HeaderCheck::Template,
            assumed_row_base: RowBase::DataRow,
            assumed_partial_commit: PartialCommit::RowsBefore,
            assumed_errors_listed_max: 1_000,
            assumed_refresh_closes_masters: false,
            assumed_planning_ms: 1_000,
            assumed_unknown_job: UnknownJob::Omitted,
            assumed_queued_body: QueuedBody::Short,
            assumed_job_retention_ms: None,
            assumed_access_token_ms: Some(900_000),
            assumed_refresh_token_ms: Some(30 * 24 * 3_600_000),
            assumed_expire_after_requests: None,
            assumed_cookie_attributes: String::new(),
            assumed_session_refusals: SessionRefusals::Envelope,
            assumed_wrong_csrf_status: 422,
            assumed_stray_refresh_cookie_refused: true,
            assumed_refresh_body: String::new(),
            assumed_logout_body: String::new(),
            assumed_logout_revokes: false,
            assumed_lockout_status: 401,
            assumed_lockout_base_ms: 60_000,
            assumed_lockout_retry_after: false,
            assumed_two_factor_sets_refresh: false,
            assumed_two_factor_pending_ms: 300_000,
            assumed_totp_skew_steps: 1,
            assumed_totp_single_use: false,
            assumed_two_factor_failures_lock: true,
            assumed_page_size: 50,
            assumed_codes: AssumedCodes::default(),
        }
    }
}

/// What the header row of a file has to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HeaderCheck {
    /// Known columns only, none twice, in the template's order, and all that the template demands ("must match exactly").
    Template,
    /// The required columns in any order, whatever else there is.
    Required,
}

/// What a row number counts; the documented sample (412 processed, row 413 bad) fits both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RowBase {
    /// Data rows from 1.
    DataRow,
    /// Sheet rows from 1, the header being the first.
    SheetRow,
}

/// What stays stored when a job fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PartialCommit {
    /// The rows before the first bad one ("import halted").
    RowsBefore,
    /// Nothing.
    Nothing,
}

/// What a poll answers for a job that is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnknownJob {
    /// It is left out of the list.
    Omitted,
    /// The whole poll is refused with 400.
    Refused,
}

/// What a poll says of a queued job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum QueuedBody {
    /// Trigger, id and status only, so that a client learns not to rely on more.
    Short,
    /// Also `rows_processed` 0 and empty `errors`.
    Full,
}

/// How a session that is missing, over or without its CSRF token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SessionRefusals {
    /// With the envelope that is documented for all errors.
    Envelope,
    /// With `{"msg": text}`, as the library does that the cookie names point to, before any handler runs.
    Msg,
}

/// Error codes that the documentation does not give.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AssumedCodes {
    /// No valid token.
    pub unauthorized: String,
    /// Missing or wrong CSRF value.
    pub csrf: String,
    /// Account locked.
    pub locked: String,
    /// No such trigger.
    pub unknown_trigger: String,
    /// File part missing, empty or unfit.
    pub bad_file: String,
    /// File over the limit.
    pub too_big: String,
    /// No such job, with [`UnknownJob::Refused`].
    pub unknown_job: String,
    /// No such route or tenant.
    pub unknown_route: String,
    /// The refresh cookie where it does not belong.
    pub stray_cookie: String,
}

impl Default for AssumedCodes {
    fn default() -> Self {
        Self {
            unauthorized: "Token.Invalid".into(),
            csrf: "CSRF.Invalid".into(),
            locked: "User.Locked".into(),
            unknown_trigger: "Job.UnknownTrigger".into(),
            bad_file: "File.Invalid".into(),
            too_big: "File.TooBig".into(),
            unknown_job: "Job.NotFound".into(),
            unknown_route: "Route.NotFound".into(),
            stray_cookie: "Cookie.WrongPath".into(),
        }
    }
}
