//! The store of a state folder: every run of this user, each with its files, its events and its locks.
//!
//! A handle; any number of runs share one, and its thread. A tenant is known by the one form of its name, whichever it is given. What
//! may be sent is decided by those who use it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use knosc_bulk_import::admission::Earlier;
use knosc_bulk_import::admission::refresh::Contents;
use knosc_bulk_import::admission::size_limit;
use knosc_bulk_import::job::{Job, JobReport};
use knosc_bulk_import::run::{Event, Fact};
use knosc_bulk_import::trigger::Trigger;

use super::error::{Holder, StoreError};
use super::keys::{self, RecordedKeys};
use super::lock::{self, Claim, Locks};
use super::migrations::tenant_key;
use super::record::{NewRun, RecordedEvent, RecordedRun, StepErrors};
use super::run_journal::SqliteJournal;
use super::writer::Writer;
use super::{filesystem, machine, read, restore, schema, write};

/// What a store may be told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreConfig {
    /// The file grows no larger; a run that needs more ends as on a full disk. None for no limit.
    pub bytes_max: Option<u64>,
    /// Takes a folder also where the file system is known for locks that do not hold between machines: this machine alone uses it.
    pub trust_file_locks: bool,
}

/// Every run of a state folder.
#[derive(Clone, Debug)]
pub struct Store {
    folder: Arc<Path>,
    host: Arc<str>,
    /// Whether a free lock has no holder on any machine.
    is_local: bool,
    writer: Writer,
    /// Why it may be read and not used, if so.
    doubt: Option<StoreError>,
}

impl Store {
    /// Opens the store of a folder; makes both where there is none.
    ///
    /// One write is made that changes nothing, so that a full disk or a missing right is found before anything is sent. Blocks
    /// for some milliseconds.
    ///
    /// # Errors
    /// One [`StoreError`] for each way in which a folder cannot hold a journal.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        Self::open_with(folder, StoreConfig::default())
    }

    /// The same, with limits of its own.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_with(folder: &Path, config: StoreConfig) -> Result<Self, StoreError> {
        let is_local = prepare(folder, config)?;
        let connection = schema::open(folder, config.bytes_max)?;
        Self::new(folder, is_local, connection, None)
    }

    /// Opens a store to read it. A journal that may have lost facts is read from a copy in memory, as it is; why it may not be used is
    /// said by [`Self::doubt`], and everything that would write or lock is refused with it.
    ///
    /// # Errors
    /// As [`Self::open`], but for [`StoreError::MayHaveLost`].
    pub fn open_to_read(folder: &Path, config: StoreConfig) -> Result<Self, StoreError> {
        match Self::open_with(folder, config) {
            Err(doubt @ StoreError::MayHaveLost { .. }) => {
                let connection = restore::copy(folder)?;
                Self::new(folder, prepare(folder, config)?, connection, Some(doubt))
            }
            opened => opened,
        }
    }

    fn new(
        folder: &Path,
        is_local: bool,
        connection: rusqlite::Connection,
        doubt: Option<StoreError>,
    ) -> Result<Self, StoreError> {
        let (folder, host): (Arc<Path>, Arc<str>) = (folder.into(), machine::host().into());
        let writer = Writer::start(connection, Arc::clone(&folder))?;
        Ok(Self { folder, host, is_local, writer, doubt })
    }

    /// Why this store may only be read, if that is so.
    pub const fn doubt(&self) -> Option<&StoreError> {
        self.doubt.as_ref()
    }

    fn is_usable(&self) -> Result<(), StoreError> {
        self.doubt.clone().map_or(Ok(()), Err)
    }

    /// Where the journal is.
    pub fn path(&self) -> PathBuf {
        schema::path(&self.folder)
    }

    /// Records a run that is about to begin.
    ///
    /// # Errors
    /// The storage's.
    pub async fn begin(&self, run: NewRun) -> Result<(), StoreError> {
        self.begin_with(run, Vec::new()).await
    }

    /// The same, with what is in the files, by their places among those given: once such a file completed, the next one is compared
    /// with it.
    ///
    /// # Errors
    /// The storage's.
    pub async fn begin_with(
        &self,
        run: NewRun,
        contents: Vec<(usize, Contents)>,
    ) -> Result<(), StoreError> {
        self.is_usable()?;
        self.writer.call(move |connection| write::begin(connection, &run, &contents)).await
    }

    /// What the completed files of a tenant's trigger made of it; none where no file of it completed whose contents were given.
    ///
    /// # Errors
    /// The storage's.
    pub async fn loaded(
        &self,
        tenant: &str,
        trigger: Trigger,
    ) -> Result<Option<RecordedKeys>, StoreError> {
        let tenant = tenant_key(tenant);
        let read = move |connection: &rusqlite::Connection| {
            Ok(keys::read(connection, &tenant, trigger.name())?.map(|(recorded, _)| recorded))
        };
        self.writer.call(read).await
    }

    /// The journal of a run, new or to be resumed. Nothing keeps two processes from one run but [`Self::lock`]: take it before.
    ///
    /// # Errors
    /// [`StoreError::NoRun`], or what is wrong with its events.
    pub async fn journal(&self, id: &str) -> Result<SqliteJournal, StoreError> {
        let asked = id.to_owned();
        let found = self.writer.call(move |connection| {
            Ok((read::run(connection, &asked)?, read::events(connection, &asked)?))
        });
        let (recorded, events) = found.await?;
        SqliteJournal::new(self.writer.clone(), self.doubt.clone(), &recorded, events)
    }

    /// One run.
    ///
    /// # Errors
    /// [`StoreError::NoRun`]; the storage's.
    pub async fn run(&self, id: &str) -> Result<RecordedRun, StoreError> {
        let id = id.to_owned();
        self.writer.call(move |connection| read::run(connection, &id)).await
    }

    /// The id that was meant: all of it, or as much of its beginning or end as names one run.
    ///
    /// # Errors
    /// [`StoreError::NoRun`] if none or several fit.
    pub async fn find(&self, asked: &str) -> Result<String, StoreError> {
        let asked = asked.to_owned();
        self.writer.call(move |connection| read::find(connection, &asked)).await
    }

    /// The last runs, the latest first; of one tenant, if it is named.
    ///
    /// # Errors
    /// The storage's.
    pub async fn runs(
        &self,
        tenant: Option<&str>,
        count_max: usize,
    ) -> Result<Vec<RecordedRun>, StoreError> {
        let tenant = tenant.map(tenant_key);
        let read = move |connection: &rusqlite::Connection| {
            read::runs(connection, tenant.as_deref(), count_max)
        };
        self.writer.call(read).await
    }

    /// The facts of a run.
    ///
    /// # Errors
    /// The storage's.
    pub async fn events(&self, id: &str) -> Result<Vec<RecordedEvent>, StoreError> {
        let id = id.to_owned();
        self.writer.call(move |connection| read::events(connection, &id)).await
    }

    /// The row errors kept of a run's jobs.
    ///
    /// # Errors
    /// The storage's.
    pub async fn row_errors(&self, id: &str) -> Result<Vec<StepErrors>, StoreError> {
        let id = id.to_owned();
        self.writer.call(move |connection| read::row_errors(connection, &id)).await
    }

    /// What a tenant's trigger saw in other runs than this one, the latest first.
    ///
    /// # Errors
    /// The storage's.
    pub async fn earlier(
        &self,
        tenant: &str,
        trigger: Trigger,
        but_run: Option<&str>,
    ) -> Result<Vec<Earlier>, StoreError> {
        let (tenant, but_run) = (tenant_key(tenant), but_run.map(str::to_owned));
        let read = move |connection: &rusqlite::Connection| {
            read::earlier(connection, &tenant, trigger, but_run.as_deref())
        };
        self.writer.call(read).await
    }

    /// The size from which files of a tenant were lately refused as too large, if any were.
    ///
    /// # Errors
    /// The storage's.
    pub async fn refused_size(&self, tenant: &str, now_ms: u64) -> Result<Option<u64>, StoreError> {
        let tenant = tenant_key(tenant);
        let since_ms = now_ms.saturating_sub(size_limit::REMEMBERED_MS);
        let read = move |connection: &rusqlite::Connection| {
            read::sized_uploads(connection, &tenant, since_ms)
        };
        Ok(size_limit::refused_from(&self.writer.call(read).await?, now_ms))
    }

    /// Takes a tenant's triggers for a run, before anything of it is recorded or sent.
    ///
    /// # Errors
    /// [`StoreError::Locked`] if somebody else has one of them; none is then held.
    pub async fn lock(
        &self,
        tenant: &str,
        triggers: Vec<Trigger>,
        run: &str,
        now_ms: u64,
    ) -> Result<Locks, StoreError> {
        self.is_usable()?;
        let (folder, host, is_local) = (self.folder.as_ref(), self.host.as_ref(), self.is_local);
        let tenant = &tenant_key(tenant);
        let claim = Claim { folder, host, is_local, tenant, run, now_ms };
        Locks::take(self.writer.clone(), claim, triggers).await
    }

    /// Forgets the lock of a process that ended on another host; gives who had it.
    ///
    /// # Errors
    /// [`StoreError::Locked`] if a living process holds it.
    pub async fn unlock(
        &self,
        tenant: &str,
        trigger: Trigger,
    ) -> Result<Option<Holder>, StoreError> {
        self.is_usable()?;
        lock::unlock(&self.writer, &self.folder, &tenant_key(tenant), trigger).await
    }

    /// Records what somebody saw of a job, if it belongs to a step whose end is not known and whose run nobody works on.
    /// Gives the run's id if it does.
    ///
    /// # Errors
    /// The storage's.
    pub async fn observe(
        &self,
        tenant: &str,
        report: &JobReport,
        now_ms: u64,
    ) -> Result<Option<String>, StoreError> {
        let Some((run, step)) = self.open_step(tenant, &report.job).await? else { return Ok(None) };
        let locks = match self.lock(tenant, vec![report.job.trigger], &run, now_ms).await {
            Ok(locks) => locks,
            // Its run is at work, and sees for itself.
            Err(StoreError::Locked { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let event = Event { at_ms: now_ms, step, fact: Fact::JobObserved(report.clone()) };
        let recorded = match self.journal(&run).await {
            Ok(journal) => journal.record(event).await,
            Err(error) => Err(error),
        };
        locks.release().await?;
        recorded.map(|()| Some(run))
    }

    async fn open_step(
        &self,
        tenant: &str,
        job: &Job,
    ) -> Result<Option<(String, usize)>, StoreError> {
        let (tenant, job) = (tenant_key(tenant), job.clone());
        self.writer.call(move |connection| read::open_step(connection, &tenant, &job)).await
    }
}

/// Makes the folder and that of the locks; gives whether their file system's locks hold.
pub(super) fn prepare(folder: &Path, config: StoreConfig) -> Result<bool, StoreError> {
    schema::create_folder(folder)?;
    let shared = filesystem::without_locks(folder);
    let is_local = shared.is_none();
    if let Some(kind) = shared.filter(|_| !config.trust_file_locks) {
        return Err(StoreError::NetworkFolder { kind });
    }
    schema::create_folder(&folder.join("locks"))?;
    Ok(is_local)
}
