//! The durable journal: every run of a state folder in one `SQLite` file.
//!
//! What is answered is on disk (WAL, `synchronous=FULL`); one thread writes, and what waits shares its fsync. It knows runs and
//! files, and nothing of the sandbox, the network or the command line.
//!
//! | module | for |
//! |---|---|
//! | `store`, `run_journal` | the whole store, and the [`Journal`](super::Journal) of one run |
//! | `file` | the digest and the stamp of a real file |
//! | `keys` | what is in files, and what the completed ones made of a trigger |
//! | `lock` | one process for each tenant and trigger |
//! | `schema`, `migrations`, `codec`, `read`, `write` | the tables and their rows |
//! | `doubt`, `generation`, `log`, `checkpoint` | whether a journal has kept every fact |
//! | `restore` | a journal that may not have: reading it, and going on with it |
//! | `writer` | the thread |

mod checkpoint;
mod codec;
mod doubt;
mod error;
pub mod file;
mod filesystem;
mod generation;
pub mod id;
mod keys;
mod lock;
mod log;
mod machine;
mod migrations;
mod read;
mod record;
mod restore;
mod run_journal;
mod schema;
mod store;
mod write;
mod writer;

pub use error::{Holder, StoreError};
pub use keys::RecordedKeys;
pub use lock::Locks;
pub use machine::actor;
pub use record::{Kind, NewRun, NewStep, RecordedEvent, RecordedRun, StepErrors};
pub use restore::{Concerned, Restored};
pub use run_journal::SqliteJournal;
pub use store::{Store, StoreConfig};
