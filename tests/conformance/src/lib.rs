//! Plays the table of calls (`calls/*.json`) through one host, each case against a Knosc of its own on this machine.
//!
//! Knows no engine: a [`Host`] makes the call, in this process or in another one ([`adapter`]). Nothing here decides what is right but
//! the table; see `README.md` for its form.

pub mod adapter;
mod expect;
mod files;
pub mod readme;
pub mod secrets;
mod table;
mod values;

use std::{
    collections::BTreeMap,
    path::Path,
    time::{Duration, Instant},
};

use serde_json::Value;

pub use table::{Case, Table};
use table::{Step, Stored};
use values::Values;

/// One call of one exported function, in the table's JSON.
#[derive(Debug)]
pub struct Call<'a> {
    /// `knosc:bulk-import/importer@0.1.0`.
    pub interface: String,
    /// `upload`.
    pub function: &'a str,
    /// One value a parameter.
    pub arguments: Vec<Value>,
    /// What the component sees as its environment.
    pub environment: &'a BTreeMap<String, String>,
    /// The folder that it sees as `/in`.
    pub folder: &'a Path,
}

/// How a call ended.
#[derive(Debug)]
pub enum Answer {
    /// `ok` of the function's result.
    Ok(Value),
    /// `err` of the function's result.
    Err(Value),
    /// This engine cannot make the call, for a reason that its page gives.
    Cannot(String),
}

/// Whatever makes a call of the component.
pub trait Host {
    /// Makes one call in a fresh instance, or in one that remembers nothing of earlier calls.
    ///
    /// # Errors
    /// Where the engine failed: a trap, a value of another shape, an adapter that ended.
    fn call(&mut self, call: &Call<'_>) -> Result<Answer, String>;
}

/// What became of one case.
#[derive(Debug)]
pub struct Row {
    /// The case's feature, a column of the table of engines.
    pub feature: String,
    /// The case's name.
    pub name: String,
    /// What was found.
    pub verdict: Verdict,
}

/// Whether a case went as the table says.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As the table says.
    Good,
    /// Otherwise, and how.
    Bad(String),
    /// Not made by this engine, and why.
    Cannot(String),
}

/// Longest time that a call with `until` is repeated: jobs of these cases end within a second on an idle machine.
const UNTIL_MAX: Duration = Duration::from_secs(30);

/// Between two of these calls.
const UNTIL_EVERY: Duration = Duration::from_millis(30);

/// Plays every case of the table and gives a row for each.
///
/// # Errors
/// If the setting (a server, a folder) cannot be made; never for what a host answered.
pub fn play(table: &Table, host: &mut dyn Host) -> Result<Vec<Row>, String> {
    let folder = files::Folder::new()?;
    let server = files::serve()?;
    let mut rows = Vec::new();
    for case in &table.cases {
        let mut values = Values::new(&table.values);
        values.name("files", &server);
        let verdict = play_case(case, &mut values, &folder, host)?;
        rows.push(Row { feature: case.feature.clone(), name: case.name.clone(), verdict });
    }
    Ok(rows)
}

fn play_case(
    case: &Case,
    values: &mut Values,
    folder: &files::Folder,
    host: &mut dyn Host,
) -> Result<Verdict, String> {
    let knosc = local_knosc::spawn(local_knosc::Config::default()).map_err(|e| e.to_string())?;
    values.name("knosc", &knosc.url());
    let code = local_knosc::totp_code(local_knosc::DEFAULT_TOTP_SECRET, knosc.now_ms());
    values.name("code", &code.unwrap_or_default());
    if let Some(knobs) = &case.knosc {
        let now_ms = knosc.now_ms();
        let mut model = knosc.model();
        let tenant = model.default_tenant().to_owned();
        model.turn(&tenant, knobs.to_string().as_bytes(), now_ms)?;
    }
    for (number, step) in case.calls.iter().enumerate() {
        let place = |what: String| format!("call {}: {what}", number + 1);
        match play_step(step, case, values, folder.path(), host) {
            Ok(Verdict::Good) => {}
            Ok(Verdict::Bad(what)) | Err(what) => return Ok(Verdict::Bad(place(what))),
            Ok(other) => return Ok(other),
        }
    }
    let model = knosc.model();
    Ok(stored(&case.stored, &model, values).map_or(Verdict::Good, Verdict::Bad))
}

fn play_step(
    step: &Step,
    case: &Case,
    values: &mut Values,
    folder: &Path,
    host: &mut dyn Host,
) -> Result<Verdict, String> {
    let (interface, function) =
        step.call.split_once('.').ok_or_else(|| format!("{}: no such call", step.call))?;
    let arguments = step.with.iter().map(|value| values.expand(value)).collect::<Result<_, _>>()?;
    let call = Call {
        interface: format!("knosc:bulk-import/{interface}@0.1.0"),
        function,
        arguments,
        environment: &case.environment,
        folder,
    };
    let expected = values.expand(&step.gives)?;
    let began = Instant::now();
    loop {
        let (found, said) = match host.call(&call)? {
            Answer::Ok(value) => (serde_json::json!({ "ok": value }), Some(value)),
            Answer::Err(value) => (serde_json::json!({ "err": value }), None),
            Answer::Cannot(why) => return Ok(Verdict::Cannot(why)),
        };
        match expect::differs(&expected, &found) {
            None => {
                for (name, pointer) in &step.keep {
                    let kept = said.as_ref().and_then(|value| value.pointer(pointer));
                    values.keep(name, kept.ok_or_else(|| format!("nothing at {pointer}"))?);
                }
                return Ok(Verdict::Good);
            }
            Some(_) if step.until && began.elapsed() < UNTIL_MAX => {
                std::thread::sleep(UNTIL_EVERY);
            }
            Some(difference) => return Ok(Verdict::Bad(difference)),
        }
    }
}

/// What Knosc has, against what the case says that it has.
fn stored(wanted: &Stored, model: &local_knosc::Model, values: &Values) -> Option<String> {
    let counts = [
        ("accepted", wanted.accepted, model.uploads().len() as u64),
        ("posts", wanted.posts, model.upload_posts()),
        ("sign-ins", wanted.sign_ins, model.sign_in_attempts()),
        ("refreshes", wanted.refreshes, model.refreshes()),
    ];
    let wrong = counts.into_iter().find(|(_, wanted, found)| wanted.is_some_and(|n| n != *found));
    if let Some((what, wanted, found)) = wrong {
        return Some(format!("{what}: {} wanted, {found} found", wanted.unwrap_or_default()));
    }
    let content = wanted.content.as_ref()?;
    let text = match values.expand(content) {
        Ok(Value::String(text)) => text,
        Ok(_) => return Some("content is no text".to_owned()),
        Err(error) => return Some(error),
    };
    let digest = values::digest(text.as_bytes());
    let other = model.uploads().iter().find(|upload| upload.sha256 != digest)?;
    Some(format!("'{}' arrived with other content ({} bytes)", other.file_name, other.size))
}
