//! One thread that owns the connection: it takes what waits, does all of it in one transaction, and answers after the commit.
//!
//! So thousands of runs in a process share their fsyncs. Knows nothing of what is written.

use std::path::Path;
use std::sync::Arc;
use std::thread;

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};

use super::checkpoint;
use super::doubt::Count;
use super::error::StoreError;
use super::generation::Pair;
use crate::failpoint;

/// Calls that wait for the thread before a caller has to wait for its place: one from each of a thousand runs.
const WAITING_MAX: usize = 1_024;

/// Calls that one transaction takes: enough to share an fsync, few enough that the first is not kept waiting for the last.
const GROUP_MAX: usize = 256;

/// What a caller is answered after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    /// It is on disk.
    OnDisk,
    /// It outlives this process, and not a power cut before the next commit that is on disk: for what can be asked again.
    ByTheSystem,
}

/// A file that may reach Knosc once this is answered: the journal's generation grows with it, here and outside.
pub(super) type Fence = Option<Pair>;

/// A way to the thread. The thread ends with its last one.
#[derive(Clone, Debug)]
pub(super) struct Writer {
    calls: mpsc::Sender<Box<dyn Call>>,
}

/// A place in the queue. Handing work in through it cannot fail or wait.
pub(super) struct Place<'a> {
    permit: mpsc::Permit<'a, Box<dyn Call>>,
}

/// An answer that comes after the commit.
pub(super) struct Answer<T> {
    receiver: oneshot::Receiver<Result<T, StoreError>>,
}

impl Writer {
    /// Starts the thread of a state folder's journal.
    pub(super) fn start(connection: Connection, folder: Arc<Path>) -> Result<Self, StoreError> {
        let (calls, waiting) = mpsc::channel(WAITING_MAX);
        let spawned = thread::Builder::new()
            .name("knosc-journal".to_owned())
            .spawn(move || work(connection, &folder, waiting));
        match spawned {
            Ok(_) => Ok(Self { calls }),
            Err(error) => Err(StoreError::Storage { message: error.to_string() }),
        }
    }

    /// Does some work in a transaction; answers when it is on disk. An error of the work undoes just this work.
    pub(super) async fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.place().await?.hand_in(Kept::OnDisk, None, work).wait().await
    }

    /// Waits for a place in the queue.
    pub(super) async fn place(&self) -> Result<Place<'_>, StoreError> {
        let permit = self.calls.reserve().await.map_err(|_| gone())?;
        Ok(Place { permit })
    }
}

impl Place<'_> {
    /// Hands work in. It is done whether or not somebody waits for the answer.
    pub(super) fn hand_in<T: Send + 'static>(
        self,
        kept: Kept,
        fence: Fence,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Answer<T> {
        let (answer, receiver) = oneshot::channel();
        self.permit.send(Box::new(Waiting { kept, fence, work: Some(work), done: None, answer }));
        Answer { receiver }
    }
}

impl<T> Answer<T> {
    /// Waits for the commit.
    pub(super) async fn wait(self) -> Result<T, StoreError> {
        self.receiver.await.unwrap_or_else(|_| Err(gone()))
    }
}

fn gone() -> StoreError {
    StoreError::Stopped { message: "the journal's thread ended".to_owned() }
}

/// Work of any type, as the thread sees it.
trait Call: Send {
    /// When it may be answered.
    fn kept(&self) -> Kept;

    /// Where a file may be on its way to, once it is answered.
    fn fence(&self) -> Option<&Pair>;

    /// Does it; an error is one of the storage, and ends the transaction. The work's own error undoes the work and is kept.
    fn execute(&mut self, connection: &mut rusqlite::Transaction<'_>) -> Result<(), StoreError>;

    /// Answers, once it is known whether the transaction is on disk.
    fn settle(self: Box<Self>, committed: &Result<(), StoreError>);
}

struct Waiting<T, W> {
    kept: Kept,
    fence: Fence,
    work: Option<W>,
    done: Option<Result<T, StoreError>>,
    answer: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, W> Call for Waiting<T, W>
where
    T: Send + 'static,
    W: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
{
    fn kept(&self) -> Kept {
        self.kept
    }

    fn fence(&self) -> Option<&Pair> {
        self.fence.as_ref()
    }

    fn execute(&mut self, transaction: &mut rusqlite::Transaction<'_>) -> Result<(), StoreError> {
        let Some(work) = self.work.take() else { return Ok(()) };
        let savepoint = transaction.savepoint()?;
        match work(&savepoint) {
            Ok(value) => {
                savepoint.commit()?;
                self.done = Some(Ok(value));
            }
            Err(error) if error.stops() => return Err(error),
            // Dropping the savepoint undoes what the work began.
            Err(error) => self.done = Some(Err(error)),
        }
        Ok(())
    }

    fn settle(self: Box<Self>, committed: &Result<(), StoreError>) {
        let answer = match (committed, self.done) {
            (Ok(()), Some(done)) => done,
            // What the work refused stays refused; it wrote nothing.
            (Err(_), Some(Err(error))) => Err(error),
            (Err(error), _) => Err(error.clone()),
            (Ok(()), None) => Err(gone()),
        };
        // A caller that no longer waits has lost nothing: the work is done.
        let _ = self.answer.send(answer);
    }
}

fn work(mut connection: Connection, folder: &Path, mut calls: mpsc::Receiver<Box<dyn Call>>) {
    let mut stopped: Option<StoreError> = None;
    // As `schema` opens it.
    let mut mode = Kept::OnDisk;
    while let Some(first) = calls.blocking_recv() {
        let mut group = vec![first];
        while group.len() < GROUP_MAX
            && let Ok(next) = calls.try_recv()
        {
            group.push(next);
        }
        let committed = match &stopped {
            Some(error) => Err(error.clone()),
            None => commit(&mut connection, folder, &mut mode, &mut group),
        };
        // After a failed write or fsync nobody knows what is on disk, and a second fsync would lie about it.
        if let Err(error) = &committed
            && error.stops()
            && stopped.is_none()
        {
            stopped = Some(StoreError::Stopped { message: error.to_string() });
        }
        for call in group {
            call.settle(&committed);
        }
        // No caller waits for it. What cannot be moved now stays in the log.
        if committed.is_ok()
            && let Err(error) = checkpoint::when_due(&connection, folder)
        {
            tracing::debug!(%error, "the journal's log is not moved into its file");
        }
    }
}

fn commit(
    connection: &mut Connection,
    folder: &Path,
    mode: &mut Kept,
    group: &mut [Box<dyn Call>],
) -> Result<(), StoreError> {
    let is_synced = group.iter().any(|call| call.kept() == Kept::OnDisk);
    let wanted = if is_synced { Kept::OnDisk } else { Kept::ByTheSystem };
    if *mode != wanted {
        let word = if is_synced { "FULL" } else { "NORMAL" };
        connection.pragma_update(None, "synchronous", word)?;
        *mode = wanted;
    }
    let mut transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for call in &mut *group {
        call.execute(&mut transaction)?;
    }
    let pairs: Vec<Pair> = group.iter().filter_map(|call| call.fence().cloned()).collect();
    let count = if pairs.is_empty() { None } else { Some(Count::advance(&transaction)?) };
    failpoint::reach("commit");
    transaction.commit()?;
    failpoint::reach("committed");
    // In this order: a generation that is ahead of its journal says that facts are lost.
    if let Some(count) = count {
        count.publish(folder, &pairs)?;
        failpoint::reach("published");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Kept, Path, Writer};
    use rusqlite::Connection;

    /// What `PRAGMA synchronous` calls them.
    const NORMAL: i64 = 1;
    const FULL: i64 = 2;

    #[tokio::test]
    async fn each_commit_is_kept_as_it_was_asked() {
        let connection = Connection::open_in_memory().unwrap();
        connection.pragma_update(None, "synchronous", "FULL").unwrap();
        let writer = Writer::start(connection, Path::new("/nowhere").into()).unwrap();
        let asked = [
            (Kept::OnDisk, FULL),
            (Kept::ByTheSystem, NORMAL),
            (Kept::ByTheSystem, NORMAL),
            (Kept::OnDisk, FULL),
            (Kept::OnDisk, FULL),
            (Kept::ByTheSystem, NORMAL),
        ];
        for (index, (kept, expected)) in asked.into_iter().enumerate() {
            let mode = writer.place().await.unwrap().hand_in(kept, None, |connection| {
                Ok(connection.query_row("PRAGMA synchronous", [], |row| row.get::<_, i64>(0))?)
            });
            assert_eq!(mode.wait().await, Ok(expected), "call {index}");
        }
    }
}
