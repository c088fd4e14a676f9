//! The table of calls (`tests/conformance/`) through this host: the hosted component gives what the portable one gives in every engine.
//!
//! Files are handed over as handles and the host signs in, so that calls of other shape are left out: each is named with its reason, and
//! there are so many and no more.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod values;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use conformance::{Answer, Call, Host, Table, Verdict};
use knosc_bulk_import::fault::{Fault, Refusal};
use knosc_bulk_import::run::Event;
use knosc_bulk_import::session::Session;
use knosc_runner::CancellationToken;
use knosc_runner::blobs::{BlobSource, FileBlob, MemoryBlob};
use knosc_runner::credentials::{Secret, StaticCredentials};
use knosc_runner::engine::{Runtime, RuntimeConfig};
use knosc_runner::error::Error;
use knosc_runner::journal::MemoryJournal;
use knosc_runner::net::ClientConfig;
use knosc_runner::runner::{RunInput, Runner, UploadInput};
use knosc_runner::session::SignInError;
use knosc_runner::tenant::{Tenant, TenantConfig};
use serde_json::Value;

/// Cases that go as the table says, at least; the others are calls that this host has not.
const GOOD_MIN: usize = 70;

/// Cases that this host answers otherwise, each in this way and in no other: `how` stands in what was found, `why` is for readers.
struct Otherwise {
    how: &'static str,
    #[allow(dead_code, reason = "for whoever reads this")]
    why: &'static str,
    cases: &'static [&'static str],
}

const OTHERWISE: [Otherwise; 2] = [
    Otherwise {
        how: "sign-ins: 0 wanted, 1 found",
        why: "the host has a session before it asks the component, which then refuses the same input in the same words",
        cases: &[
            "another extension: nothing is sent",
            "no name but folders: nothing is sent",
            "an empty file: nothing is sent",
            "text that calls itself a workbook: nothing is sent",
            "a workbook that calls itself text: nothing is sent",
            "path: an empty file",
            "orders with a header and no rows: nothing is sent",
            "a poll for none: nobody is asked",
            "a poll for fifty-one: nobody is asked",
            "a poll for one without an id: nobody is asked",
            "a run with two files of one trigger: nothing is sent",
            "a run with polls that are too quick: nothing is sent",
            "a run with patience of a moment: nothing is sent",
            "a run with one file that must not be sent: nothing is sent",
            "a run with a history that does not fit: nothing is sent",
        ],
    },
    Otherwise {
        how: "wanted, \"",
        why: "refused alike, in the words of the host, which knows files and second factors by itself",
        cases: &[
            "a user who has to type a one-time code",
            "path: a file that is not there",
            "path: a folder",
            "path: a folder that the host did not open",
            "path: a file that is not what it says",
        ],
    },
];

/// Why a call ends before it is made, or is not made at all.
enum Not {
    /// This host has no such call.
    Made(&'static str),
    /// What the host's own types refuse: nothing is sent.
    Valid(String),
    /// What it answered.
    Done(Error),
}

impl From<Error> for Not {
    fn from(error: Error) -> Self {
        Self::Done(error)
    }
}

/// Everything a host keeps: the component, and the events of the last run.
struct Hosted {
    threads: tokio::runtime::Runtime,
    runtime: Runtime,
    events: Vec<Event>,
}

impl Host for Hosted {
    fn call(&mut self, call: &Call<'_>) -> Result<Answer, String> {
        let threads = self.threads.handle().clone();
        let made = threads.block_on(self.make(call));
        Ok(match made {
            Ok(value) => Answer::Ok(value),
            Err(Not::Made(why)) => Answer::Cannot(why.to_owned()),
            Err(Not::Valid(message)) => {
                Answer::Err(values::fault(&Fault::PermanentInvalid(message)))
            }
            Err(Not::Done(error)) => Answer::Err(values::fault(&as_fault(error)?)),
        })
    }
}

/// What the library tells by errors of its own is a fault of the component elsewhere.
fn as_fault(error: Error) -> Result<Fault, String> {
    Ok(match error {
        Error::Fault(fault)
        | Error::SignIn(SignInError::Refused(fault) | SignInError::Unavailable(fault)) => fault,
        Error::SignIn(SignInError::Net(error)) => {
            Fault::Transient(Refusal::unanswered(error.to_string()))
        }
        Error::SignIn(error) => {
            Fault::PermanentUnauthorized(Refusal::unanswered(error.to_string()))
        }
        Error::Blob(error) => Fault::PermanentInvalid(error.to_string()),
        other => return Err(format!("{other:?}")),
    })
}

impl Hosted {
    async fn make(&mut self, call: &Call<'_>) -> Result<Value, Not> {
        let argument = |at: usize| call.arguments.get(at).unwrap_or(&Value::Null);
        if !call.interface.contains("/importer@") {
            return Err(Not::Made("the host signs in and plans by itself: no such export"));
        }
        match call.function {
            "upload" => {
                let (trigger, blob) = file(argument(1), call.folder)?;
                let runner = self.runner(call, argument(0))?;
                let report = runner.upload(UploadInput::new(trigger, blob)).await?;
                Ok(values::report(&report))
            }
            "poll" => {
                let runner = self.runner(call, argument(0))?;
                let jobs = values::jobs(argument(1)).map_err(Not::Valid)?;
                let reports = runner.poll(&jobs, CancellationToken::new()).await?;
                Ok(reports.iter().map(values::report).collect())
            }
            "templates" => {
                let runner = self.runner(call, argument(0))?;
                Ok(runner.tenant().templates().await?.into())
            }
            "run-ordered" => {
                let files = argument(1).as_array().into_iter().flatten();
                let steps =
                    files.map(|given| file(given, call.folder)).collect::<Result<_, _>>()?;
                let runner = self.runner(call, argument(0))?;
                let journal = Arc::new(MemoryJournal::resuming(self.history(argument(3))));
                let policy = values::policy(argument(2));
                let input = RunInput { steps, policy, journal, ..RunInput::default() };
                let report = runner.run_ordered(input).await?;
                self.events.clone_from(&report.events);
                Ok(values::run(&report))
            }
            _ => Err(Not::Made("the host polls as often as it likes: no such export")),
        }
    }

    /// A host hands events back as it kept them; the table only says that it does.
    fn history(&self, given: &Value) -> Vec<Event> {
        if values::events(&self.events) == *given {
            return self.events.clone();
        }
        given.as_array().into_iter().flatten().map(values::seal).collect()
    }

    fn runner(&self, call: &Call<'_>, connection: &Value) -> Result<Runner, Not> {
        let base_url = connection.get("base-url").and_then(Value::as_str).unwrap_or_default();
        let origin = base_url.parse().map_err(|error| Not::Valid(format!("{error}")))?;
        let text = |name: &str| call.environment.get(name).cloned().unwrap_or_default();
        let auth = connection.get("auth").unwrap_or(&Value::Null);
        let secret = match auth.get("tag").and_then(Value::as_str) {
            Some("environment") if call.environment.contains_key("KNOSC_USERNAME") => {
                let (username, password) = (text("KNOSC_USERNAME"), text("KNOSC_PASSWORD"));
                Secret::SignIn { username, password, one_time: None }
            }
            Some("environment") if call.environment.contains_key("KNOSC_ACCESS_TOKEN") => {
                let (access_token, csrf_token) =
                    (text("KNOSC_ACCESS_TOKEN"), text("KNOSC_CSRF_TOKEN"));
                Secret::Session(Session { access_token, csrf_token, refresh: None })
            }
            Some("session") => Secret::Session(values::session(auth.get("val"))),
            _ => return Err(Not::Made("a tenant of this host has credentials")),
        };
        let tenant = Tenant::new(TenantConfig {
            name: "acme".to_owned(),
            origin,
            client: ClientConfig::default(),
            credentials: Arc::new(StaticCredentials::new(secret)),
        });
        Ok(Runner::new(self.runtime.clone(), tenant?))
    }
}

type Step = (knosc_bulk_import::trigger::Trigger, Arc<dyn BlobSource>);

/// A file as this host hands it over: from memory, or from a folder of its own.
fn file(given: &Value, folder: &Path) -> Result<Step, Not> {
    let text = |name: &str| given.get(name).and_then(Value::as_str).unwrap_or_default();
    let trigger = text("trigger").parse().map_err(|error| Not::Valid(format!("{error}")))?;
    if given.get("sha256").is_some_and(|digest| !digest.is_null()) {
        return Err(Not::Made("what a file must be is told by its XXH3, and by its blob"));
    }
    let content = given.pointer("/content/val").unwrap_or(&Value::Null);
    let bytes = match given.pointer("/content/tag").and_then(Value::as_str) {
        Some("text") => content.as_str().unwrap_or_default().as_bytes().to_vec(),
        Some("bytes") => serde_json::from_value(content.clone()).unwrap(),
        Some("path") => {
            let path = content.as_str().unwrap_or_default();
            let path = Path::new(path).strip_prefix("/in").map(|below| folder.join(below));
            return Ok((trigger, opened(path.unwrap_or_default())?));
        }
        _ => return Err(Not::Made("whoever embeds the host decodes and fetches by themselves")),
    };
    Ok((trigger, Arc::new(MemoryBlob::new(text("name"), bytes))))
}

fn opened(path: PathBuf) -> Result<Arc<dyn BlobSource>, Not> {
    // Its name is the file's own; the table gives another one beside.
    Ok(Arc::new(FileBlob::open(path).map_err(Error::Blob)?))
}

#[test]
fn this_host_gives_what_the_table_says() {
    let threads = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let runtime = Runtime::new(RuntimeConfig::default()).unwrap();
    let table = Table::own().unwrap();
    let mut host = Hosted { threads, runtime, events: Vec::new() };
    let rows = conformance::play(&table, &mut host).unwrap();
    let mut otherwise: Vec<&str> = Vec::new();
    let mut other = Vec::new();
    let mut good = 0;
    for row in &rows {
        match &row.verdict {
            Verdict::Good => good += 1,
            Verdict::Cannot(_) => {}
            Verdict::Bad(how) if is_known(&row.name, how) => otherwise.push(&row.name),
            Verdict::Bad(how) => other.push(format!("{}: {how}", row.name)),
        }
    }
    assert!(other.is_empty(), "{} of {}:\n{}", other.len(), rows.len(), other.join("\n"));
    assert!(good >= GOOD_MIN, "{good} of {}", rows.len());
    let known: usize = OTHERWISE.iter().map(|known| known.cases.len()).sum();
    assert_eq!(otherwise.len(), known, "only these still go otherwise: {otherwise:?}");
    println!("{good} of {} as the table says, {known} otherwise, as is known", rows.len());
}

fn is_known(name: &str, how: &str) -> bool {
    OTHERWISE.iter().any(|known| known.cases.contains(&name) && how.contains(known.how))
}
