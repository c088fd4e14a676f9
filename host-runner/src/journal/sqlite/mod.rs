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
//! | `schema`, `codec`, `read`, `write` | the tables and their rows |
//! | `writer` | the thread |

mod codec;
mod error;
pub mod file;
mod filesystem;
pub mod id;
mod keys;
mod lock;
mod machine;
mod read;
mod record;
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
pub use run_journal::SqliteJournal;
pub use store::{Store, StoreConfig};
