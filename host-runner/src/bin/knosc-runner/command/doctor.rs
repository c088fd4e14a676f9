//! `doctor`: what a run will need, looked at one by one: the state folder, the way to Knosc, the clock, the sign-in, the privileges.
//!
//! Sends no file. Without credentials it says so, and looks at everything before them.

use knosc_bulk_import::fault::Fault;
use knosc_bulk_import::origin::Origin;
use knosc_bulk_import::protocol::{ANSWER_BYTES_MAX, templates};
use knosc_runner::error::Error;
use knosc_runner::net::chain::chain;
use knosc_runner::net::{Client, NetError, ProxyConfig};
use knosc_runner::tenant::Tenant;

use crate::args::Global;
use crate::certificates::{self, Shown};
use crate::credentials::Need;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render::Reporter;
use crate::target::{self, Wanted};
use crate::{connect, state, when};

/// A one-time code is taken for half a minute around its time.
const SKEW_MAX_S: u64 = 30;

/// Characters of a server's name that are shown.
const NAME_CHARS_MAX: usize = 100;

/// The pages of Knosc that are documented to be asked about, of those that files are loaded for.
const PAGES: [&str; 10] = [
    "item-master",
    "supplier-master",
    "customer-master",
    "warehouse-master",
    "bill-of-materials",
    "inventory",
    "procurement",
    "demand",
    "manufacturing",
    "forecast",
];

/// One thing that was looked at.
pub struct Looked {
    pub what: &'static str,
    pub result: Health,
    pub message: String,
    pub hint: String,
    /// The certificates that the server showed, its own first.
    pub chain: Vec<Shown>,
    /// How the process ends for it.
    pub exit: Exit,
}

/// How it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    Good,
    /// A run may do without it.
    Odd,
    Bad,
    /// It could not be looked at, for something before it.
    Unseen,
}

impl Health {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Good => "ok",
            Self::Odd => "warn",
            Self::Bad => "fail",
            Self::Unseen => "skip",
        }
    }
}

impl Looked {
    fn new(what: &'static str, result: Health, message: impl Into<String>) -> Self {
        let (hint, chain) = (String::new(), Vec::new());
        Self { what, result, message: message.into(), hint, chain, exit: Exit::Done }
    }

    fn odd(what: &'static str, message: String, hint: &str) -> Self {
        Self { hint: hint.to_owned(), ..Self::new(what, Health::Odd, message) }
    }

    fn bad(what: &'static str, problem: &Problem) -> Self {
        let (message, hint) = (problem.to_string(), problem.hint());
        let exit = problem.exit();
        Self { what, result: Health::Bad, message, hint, chain: Vec::new(), exit }
    }
}

pub async fn execute(global: &Global, reporter: &mut Reporter) -> Result<Exit, Problem> {
    let origin = target::origin(global, &Wanted::default())?;
    let mut all = vec![state_folder(global).await, proxy(&origin)];
    let reached = reach(global, &origin, &mut all).await;
    if reached {
        account(global, &origin, &mut all).await;
    } else {
        for what in ["sign-in", "privileges"] {
            all.push(Looked::new(what, Health::Unseen, "Knosc was not reached"));
        }
    }
    let exit = all.iter().fold(Exit::Done, |worst, looked| worst.or_worse(looked.exit));
    reporter.looked(&origin, &all, exit);
    Ok(exit)
}

async fn state_folder(global: &Global) -> Looked {
    let store = match state::store(global) {
        Ok(store) => store,
        Err(problem) => return Looked::bad("state folder", &problem),
    };
    let path = store.path();
    match store.runs(None, 1).await {
        Ok(runs) => {
            let latest = runs.first().map_or_else(
                || "no run yet".to_owned(),
                |run| format!("the latest run is {}", run.id),
            );
            Looked::new("state folder", Health::Good, format!("{}, {latest}", path.display()))
        }
        Err(error) => Looked::bad("state folder", &error.into()),
    }
}

fn proxy(origin: &Origin) -> Looked {
    let message = if ProxyConfig::from_env().is_for(origin) {
        "HTTPS_PROXY is used for this address"
    } else {
        "none is used for this address"
    };
    Looked::new("proxy", Health::Good, message)
}

/// Asks for something without a session: that Knosc says no is enough to know the way.
async fn reach(global: &Global, origin: &Origin, all: &mut Vec<Looked>) -> bool {
    let client = Client::new(origin, &connect::client(global));
    let answer = match client {
        Ok(client) => client.exchange(&templates::request(), Vec::new(), ANSWER_BYTES_MAX).await,
        Err(error) => Err(error),
    };
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => {
            all.push(Looked::bad("address", &Problem::from(Error::Net(error))));
            all.push(certificate(global, origin).await);
            all.push(Looked::new("clock", Health::Unseen, "Knosc was not reached"));
            return false;
        }
    };
    let message = format!("{origin} answers (status {} without a session)", answer.status);
    all.push(Looked::new("address", Health::Good, message));
    all.push(in_between(answer.header("via"), answer.header("server")));
    all.push(certificate(global, origin).await);
    all.push(clock(answer.date_seconds(), when::now_ms() / 1_000));
    true
}

/// Who says to have handled the answer. A proxy is no fault, and one that repeats requests loads a file twice.
fn in_between(via: Option<&str>, server: Option<&str>) -> Looked {
    const WHAT: &str = "answered by";
    let shown = |name: &str, value: Option<&str>| {
        let value: String =
            value?.chars().filter(|c| !c.is_control()).take(NAME_CHARS_MAX).collect();
        (!value.trim().is_empty()).then(|| format!("{name}: {}", value.trim()))
    };
    let via = shown("Via", via);
    let hint = if via.is_some() { "make sure that the proxy never sends a POST twice" } else { "" };
    let names: Vec<String> = via.into_iter().chain(shown("Server", server)).collect();
    if names.is_empty() {
        return Looked::new(WHAT, Health::Good, "the answer names no server and no proxy");
    }
    Looked { hint: hint.to_owned(), ..Looked::new(WHAT, Health::Good, names.join("; ")) }
}

/// What the server shows of itself, and whether that leads to somebody who is trusted.
async fn certificate(global: &Global, origin: &Origin) -> Looked {
    const WHAT: &str = "certificate";
    match chain(origin, &connect::client(global)).await {
        Ok(None) => Looked::new(WHAT, Health::Unseen, "this address is asked without TLS"),
        Err(_) => Looked::new(WHAT, Health::Unseen, "no certificate was shown"),
        Ok(Some(shown)) => {
            let chain = certificates::read(&shown, when::now_ms());
            let Some(reason) = shown.refused else {
                let own = match global.ca_file.len() {
                    0 => String::new(),
                    files => format!(" or of {files} files of your own"),
                };
                let message = format!("the chain leads to an authority of this machine{own}");
                return Looked { chain, ..Looked::new(WHAT, Health::Good, message) };
            };
            let problem = Problem::from(Error::Net(NetError::UntrustedCertificate(reason)));
            Looked { chain, ..Looked::bad(WHAT, &problem) }
        }
    }
}

fn clock(theirs: Option<u64>, ours: u64) -> Looked {
    let Some(theirs) = theirs else {
        return Looked::new("clock", Health::Unseen, "the answer has no date to compare with");
    };
    let off = theirs.abs_diff(ours);
    if off <= SKEW_MAX_S {
        let message = format!("within {SKEW_MAX_S} s of the server's");
        return Looked::new("clock", Health::Good, message);
    }
    let way = if ours > theirs { "ahead of" } else { "behind" };
    let message = format!("this machine's clock is {off} s {way} the server's");
    let hint = "one-time codes are refused by a clock that is off: set it by a time server";
    Looked::odd("clock", message, hint)
}

async fn account(global: &Global, origin: &Origin, all: &mut Vec<Looked>) {
    let signed_in = match connect::tenant(global, origin, Need::Any) {
        Ok(tenant) => match tenant.sign_in().await {
            Ok(_) => Ok(tenant),
            Err(error) => Err(Problem::from(Error::SignIn(error))),
        },
        Err(problem) => Err(problem),
    };
    match signed_in {
        Ok(tenant) => {
            // A session that was kept may be over: this asks Knosc with it.
            match tenant.templates().await {
                Ok(_) => all.push(Looked::new("sign-in", Health::Good, "Knosc takes the session")),
                Err(error) => all.push(Looked::bad("sign-in", &error.into())),
            }
            all.push(privileges(&tenant).await);
        }
        Err(problem) => {
            all.push(Looked::bad("sign-in", &problem));
            all.push(Looked::new("privileges", Health::Unseen, "nobody is signed in"));
        }
    }
}

/// Which pages this user may see. Whether files may be loaded for them is not documented to be asked.
async fn privileges(tenant: &Tenant) -> Looked {
    let (mut may, mut may_not) = (Vec::new(), Vec::new());
    for page in PAGES {
        match tenant.list(&format!("/api/validate-privileges?path=/{page}")).await {
            Ok(_) => may.push(page),
            Err(Error::Fault(Fault::PermanentUnauthorized(_) | Fault::PermanentRejected(_))) => {
                may_not.push(page);
            }
            Err(error) => return Looked::bad("privileges", &error.into()),
        }
    }
    if may_not.is_empty() {
        return Looked::new(
            "privileges",
            Health::Good,
            "this user may view all pages that files are loaded for",
        );
    }
    let message = format!("this user may not view {}", may_not.join(", "));
    let hint = "ask for the privileges in Knosc, if files of these are to be loaded";
    Looked::odd("privileges", message, hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_named_and_is_no_fault() {
        let check = |via, server, message: &str, has_hint: bool| {
            let looked = in_between(via, server);
            assert_eq!((looked.result, looked.exit), (Health::Good, Exit::Done));
            assert_eq!((looked.message.as_str(), looked.hint.is_empty()), (message, !has_hint));
        };
        check(None, None, "the answer names no server and no proxy", false);
        check(None, Some(" "), "the answer names no server and no proxy", false);
        check(None, Some("gunicorn"), "Server: gunicorn", false);
        check(
            Some("1.1 varnish"),
            Some("nginx\u{1b}[2J"),
            "Via: 1.1 varnish; Server: nginx[2J",
            true,
        );
        let long = "x".repeat(500);
        assert!(in_between(Some(&long), None).message.len() < 110);
    }

    #[test]
    fn a_clock_may_be_half_a_minute_off() {
        let check = |theirs, ours, expected| assert_eq!(clock(theirs, ours).result, expected);
        check(Some(100), 130, Health::Good);
        check(Some(130), 100, Health::Good);
        check(Some(100), 131, Health::Odd);
        check(Some(131), 100, Health::Odd);
        check(None, 100, Health::Unseen);
        assert!(clock(Some(0), 60).message.contains("60 s ahead of"));
        assert!(clock(Some(60), 0).message.contains("60 s behind"));
    }
}
