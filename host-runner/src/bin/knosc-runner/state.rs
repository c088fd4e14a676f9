//! The user's state folder: sessions, refused sign-ins and templates, one file each per tenant, readable by the user alone.
//!
//! Holds secrets on disk and prints none.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use knosc_bulk_import::origin::Origin;
use knosc_bulk_import::session::{RefreshPair, Session};
use knosc_bulk_import::trigger::Trigger;
use knosc_runner::journal::sqlite::{Restored, Store, StoreConfig};
use serde::{Deserialize, Serialize};

use crate::args::Global;
use crate::private;
use crate::problem::Problem;
use crate::render::Reporter;

/// What a template may be.
pub const TEMPLATE_EXTENSIONS: [&str; 2] = ["csv", "xlsx"];

/// Where this user's sessions are kept.
#[derive(Clone, Debug)]
pub struct State {
    folder: PathBuf,
}

#[derive(Serialize, Deserialize)]
struct StoredSession {
    origin: String,
    access_token: String,
    csrf_token: String,
    refresh_token: Option<String>,
    refresh_csrf_token: Option<String>,
}

/// A sign-in that Knosc refused, as salted hashes of the whole and of the user name alone.
#[derive(Serialize, Deserialize)]
pub struct StoredRefusal {
    pub salt: String,
    pub digest: String,
    pub user: String,
    pub message: String,
}

impl State {
    /// `--state`, else `$XDG_STATE_HOME/knosc-runner`, else `~/.local/state/knosc-runner`.
    pub fn new(given: Option<PathBuf>) -> Option<Self> {
        let folder = given.or_else(|| user_folder("XDG_STATE_HOME", ".local/state"))?;
        Some(Self { folder })
    }

    pub fn session(&self, origin: &Origin) -> Option<Session> {
        let stored: StoredSession = read(&self.path(origin, "session"))?;
        // The name is only made from the origin; the content decides.
        if stored.origin != origin.to_string() {
            return None;
        }
        let refresh = stored.refresh_token.zip(stored.refresh_csrf_token);
        Some(Session {
            access_token: stored.access_token,
            csrf_token: stored.csrf_token,
            refresh: refresh.map(|(token, csrf_token)| RefreshPair { token, csrf_token }),
        })
    }

    pub fn keep_session(&self, origin: &Origin, session: &Session) -> io::Result<()> {
        let refresh = session.refresh.as_ref();
        let stored = StoredSession {
            origin: origin.to_string(),
            access_token: session.access_token.clone(),
            csrf_token: session.csrf_token.clone(),
            refresh_token: refresh.map(|pair| pair.token.clone()),
            refresh_csrf_token: refresh.map(|pair| pair.csrf_token.clone()),
        };
        self.write(&self.path(origin, "session"), &stored)
    }

    pub fn session_path(&self, origin: &Origin) -> PathBuf {
        self.path(origin, "session")
    }

    /// Whether there was one.
    pub fn forget_session(&self, origin: &Origin) -> bool {
        fs::remove_file(self.path(origin, "session")).is_ok()
    }

    /// The oldest first.
    pub fn refusals(&self, origin: &Origin) -> Vec<StoredRefusal> {
        read(&self.path(origin, "refused")).unwrap_or_default()
    }

    pub fn keep_refusals(&self, origin: &Origin, refusals: &[StoredRefusal]) -> io::Result<()> {
        self.write(&self.path(origin, "refused"), &refusals)
    }

    /// Keeps a tenant's template of a trigger; one of before is replaced. `extension` says what its bytes are.
    pub fn keep_template(
        &self,
        origin: &Origin,
        trigger: Trigger,
        extension: &str,
        bytes: &[u8],
    ) -> io::Result<()> {
        private::folder(&self.folder)?;
        let path = self.template_path(origin, trigger, extension);
        let beside = path.with_extension(format!("{}.tmp", std::process::id()));
        private::file(&beside)?.write_all(bytes)?;
        fs::rename(&beside, &path)?;
        for other in TEMPLATE_EXTENSIONS.iter().filter(|other| **other != extension) {
            // Of two kinds the newer one counts.
            let _ = fs::remove_file(self.template_path(origin, trigger, other));
        }
        Ok(())
    }

    /// The template that was kept of a tenant's trigger.
    pub fn template(&self, origin: &Origin, trigger: Trigger) -> Option<PathBuf> {
        let paths =
            TEMPLATE_EXTENSIONS.map(|extension| self.template_path(origin, trigger, extension));
        paths.into_iter().find(|path| path.is_file())
    }

    fn template_path(&self, origin: &Origin, trigger: Trigger, extension: &str) -> PathBuf {
        let path = self.path(origin, &format!("template-{trigger}"));
        path.with_extension(extension)
    }

    /// The file that is locked while somebody signs in; nothing stands in it.
    pub fn sign_in_lock(&self, origin: &Origin) -> io::Result<fs::File> {
        private::folder(&self.folder)?;
        let path = self.path(origin, "sign-in").with_extension("lock");
        fs::OpenOptions::new().write(true).create(true).truncate(false).open(path)
    }

    pub fn forget_refusals(&self, origin: &Origin) -> bool {
        fs::remove_file(self.path(origin, "refused")).is_ok()
    }

    /// Where pipelines' own lines are kept.
    pub fn pipeline_logs(&self) -> PathBuf {
        self.folder.join("pipeline-logs")
    }

    fn path(&self, origin: &Origin, what: &str) -> PathBuf {
        let safe =
            |c: char| if c.is_ascii_alphanumeric() || c == '.' || c == '-' { c } else { '_' };
        let name: String = origin.to_string().chars().map(safe).collect();
        self.folder.join(format!("{name}.{what}.json"))
    }

    /// Written beside and renamed: another process sees the old file or the new one.
    fn write(&self, path: &Path, value: &impl Serialize) -> io::Result<()> {
        private::folder(&self.folder)?;
        let beside = path.with_extension(format!("{}.tmp", std::process::id()));
        let mut file = private::file(&beside)?;
        file.write_all(&serde_json::to_vec(value)?)?;
        file.sync_all()?;
        fs::rename(&beside, path)
    }
}

/// The journal of runs; refused before anything is sent where it cannot be kept.
pub fn store(global: &Global) -> Result<Store, Problem> {
    Ok(Store::open_with(&folder(global)?.folder, config(global))?)
}

/// The same for verbs that only read: also one that may have lost facts, and then it says so.
pub fn store_to_read(global: &Global, reporter: &mut Reporter) -> Result<Store, Problem> {
    let store = Store::open_to_read(&folder(global)?.folder, config(global))?;
    warn(&store, reporter);
    Ok(store)
}

/// A journal that may have lost facts.
pub fn restored(global: &Global) -> Result<Option<Restored>, Problem> {
    Ok(Restored::find(&folder(global)?.folder, config(global))?)
}

fn config(global: &Global) -> StoreConfig {
    StoreConfig { trust_file_locks: global.trust_file_locks, ..StoreConfig::default() }
}

fn warn(store: &Store, reporter: &mut Reporter) {
    if let Some(doubt) = store.doubt() {
        reporter.warn(&doubt.to_string(), doubt.hint());
    }
}

/// The state folder.
pub fn folder(global: &Global) -> Result<State, Problem> {
    State::new(global.state.clone()).ok_or_else(|| Problem::Usage {
        message: "there is no folder to keep the journal in".to_owned(),
        hint: "say --state DIR, or set HOME",
    })
}

/// The journal to be read, if there is one already.
pub fn existing_store(global: &Global, reporter: &mut Reporter) -> Result<Option<Store>, Problem> {
    let state = State::new(global.state.clone());
    let is_there = |state: &State| {
        ["journal.db", "journal.generation"].iter().any(|name| state.folder.join(name).exists())
    };
    match state.filter(is_there) {
        Some(_) => store_to_read(global, reporter).map(Some),
        None => Ok(None),
    }
}

/// A folder of this tool under one of the XDG folders.
pub fn user_folder(variable: &str, under_home: &str) -> Option<PathBuf> {
    let from_variable =
        std::env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = from_variable.or_else(|| {
        let home = std::env::var_os("HOME").or_else(|| std::env::var_os("USERPROFILE"))?;
        Some(Path::new(&home).join(under_home))
    })?;
    Some(base.join("knosc-runner"))
}

fn read<T: for<'de> Deserialize<'de>>(path: &Path) -> Option<T> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}
