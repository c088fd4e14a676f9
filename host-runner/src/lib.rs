//! Runs the `knosc:bulk-import` component: files in, Knosc's words out, nothing sent twice.
//!
//! A [`Runner`](runner::Runner) joins a [`Runtime`](engine::Runtime) (the component, compiled) and a [`Tenant`](tenant::Tenant) (one
//! origin, its connections, its session). Files come as [`BlobSource`](blobs::BlobSource)s and every fact goes into a
//! [`Journal`](journal::Journal) before it is acted on, so that a run survives a crash at any instant.
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use knosc_bulk_import::session::Session;
//! use knosc_bulk_import::trigger::Trigger;
//! use knosc_runner::blobs::FileBlob;
//! use knosc_runner::credentials::{Credentials, CredentialsError, Secret};
//! use knosc_runner::engine::{Runtime, RuntimeConfig};
//! use knosc_runner::runner::{RunInput, Runner};
//! use knosc_runner::tenant::{Tenant, TenantConfig};
//! use knosc_runner::BoxFuture;
//!
//! /// Where this host keeps its secrets; no secret goes further than this and the tenant's connection.
//! struct Vault;
//!
//! impl Credentials for Vault {
//!     fn get(&self) -> BoxFuture<'_, Result<Secret, CredentialsError>> {
//!         Box::pin(async {
//!             let session = Session { access_token: "…".into(), csrf_token: "…".into(), refresh: None };
//!             Ok(Secret::Session(session))
//!         })
//!     }
//! }
//!
//! # async fn load() -> Result<(), Box<dyn std::error::Error>> {
//! let runtime = Runtime::new(RuntimeConfig::default())?;
//! let tenant = Tenant::new(TenantConfig {
//!     name: "acme".into(),
//!     origin: "https://acme.knosc.com".parse()?,
//!     client: Default::default(),
//!     credentials: Arc::new(Vault),
//! })?;
//! let runner = Runner::new(runtime, tenant);
//!
//! let report = runner
//!     .run_ordered(RunInput {
//!         steps: vec![
//!             (Trigger::ItemMaster, Arc::new(FileBlob::open("exports/items.xlsx")?)),
//!             (Trigger::Demand, Arc::new(FileBlob::open("exports/orders.csv")?)),
//!         ],
//!         ..RunInput::default()
//!     })
//!     .await?;
//! for step in report.steps {
//!     println!("{} {}: {}", step.trigger, step.file_name, step.outcome.word());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! That is all of the crate without its features, beside `bundled` (the component inside). These are in `default`: `account`,
//! `cache`, `chain`, `cli`, `hints`, `manifest`, `memory-blobs`, `own-ca`, `platform`, `proxy`, `resolver`, `sign-in`, `single-calls` and `sqlite`, each explained in `Cargo.toml`;
//! `otlp` (spans to a collector) is not.
//!
//! Hosts that own engine, linker and store leave the runner out: [`host::add_to_linker`] and [`importer::ImporterPre`].
//!
//! | layer | modules | may know |
//! |---|---|---|
//! | what an embedder fills in | [`blobs`], [`journal`], [`credentials`], [`clock`] | the core's words |
//! | the outside | [`net`], [`egress`], [`session`], [`tenant`] | sockets, secrets |
//! | the sandbox | [`engine`], [`importer`], [`host`], `store`, `bindings`, `convert` | wasmtime |
//! | the whole | [`runner`], [`progress`], [`error`] | everything above |

use std::future::Future;
use std::pin::Pin;

pub use tokio_util::sync::CancellationToken;

pub mod blobs;
pub mod clock;
pub mod credentials;
pub mod egress;
pub mod engine;
pub mod error;
pub mod host;
pub mod importer;
pub mod journal;
#[cfg(feature = "manifest")]
pub mod manifest;
pub mod net;
#[cfg(feature = "otlp")]
pub mod otlp;
#[cfg(feature = "platform")]
pub mod platform;
pub mod progress;
pub mod runner;
pub mod session;
pub mod tenant;

mod bindings;
mod convert;
mod failpoint;
#[cfg(feature = "hints")]
mod hints;
mod store;

/// A future on the heap, so that the traits of this crate can be used as objects.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
