//! The store of a state folder: every run of this user, each with its files, its events and its locks.
//!
//! A handle; any number of runs share one, and its thread. What may be sent is decided in `guard`.

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
use super::record::{NewRun, RecordedEvent, RecordedRun, StepErrors};
use super::run_journal::SqliteJournal;
use super::writer::Writer;
use super::{filesystem, machine, read, schema, write};

/// What a store may be told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreConfig {
    /// The file grows no larger; a run that needs more ends as on a full disk. None for no limit.
    pub bytes_max: Option<u64>,
}

/// Every run of a state folder.
#[derive(Clone, Debug)]
pub struct Store {
    folder: Arc<Path>,
    host: Arc<str>,
    writer: Writer,
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

    /// The same, with a limit.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_with(folder: &Path, config: StoreConfig) -> Result<Self, StoreError> {
        schema::create_folder(folder)?;
        if let Some(kind) = filesystem::network(folder) {
            return Err(StoreError::NetworkFolder { kind });
        }
        let connection = schema::open(folder, config.bytes_max)?;
        schema::create_folder(&folder.join("locks"))?;
        Ok(Self {
            folder: folder.into(),
            host: machine::host().into(),
            writer: Writer::start(connection)?,
        })
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
        let tenant = tenant.to_owned();
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
        SqliteJournal::new(self.writer.clone(), &recorded, events)
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
        let tenant = tenant.map(str::to_owned);
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
        let (tenant, but_run) = (tenant.to_owned(), but_run.map(str::to_owned));
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
        let tenant = tenant.to_owned();
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
        let (folder, host) = (self.folder.as_ref(), self.host.as_ref());
        let claim = Claim { folder, host, tenant, run, now_ms };
        Locks::take(self.writer.clone(), claim, triggers).await
    }

    /// Forgets the lock of a process that ended on another host; gives who had it.
    ///
    /// # Errors
    /// [`StoreError::Locked`] if a process of this host holds it.
    pub async fn unlock(
        &self,
        tenant: &str,
        trigger: Trigger,
    ) -> Result<Option<Holder>, StoreError> {
        lock::unlock(&self.writer, &self.folder, tenant, trigger).await
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
        let (tenant, job) = (tenant.to_owned(), job.clone());
        self.writer.call(move |connection| read::open_step(connection, &tenant, &job)).await
    }
}
