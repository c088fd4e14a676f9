//! What refreshing files leave out of what was loaded before them, and whether that is too much.
//!
//! Reads the journal; sends and prints nothing. The deciding is the core's.

use std::collections::BTreeMap;

use knosc_bulk_import::admission::Standing;
use knosc_bulk_import::admission::refresh::{
    self, Allowance, Comparison, Contents, Dropped, Effect, Loaded,
};
use knosc_bulk_import::trigger::Trigger;
use knosc_runner::journal::sqlite::Store;
use knosc_runner::manifest::SourceFile;

use crate::problem::Problem;

/// A file beside what was loaded before it.
#[derive(Clone, Debug)]
pub struct Guarded {
    pub trigger: Trigger,
    pub file: String,
    pub found: Found,
    pub allowed: Allowance,
}

/// What the comparison gave.
#[derive(Clone, Debug)]
pub enum Found {
    /// Nobody looked into the file, or it could not be read.
    NotRead,
    /// Its rows are changes.
    Exempt,
    /// Nothing is known of before; the run of a file that was not looked into, if there is one.
    Nothing { loaded_by: Option<String> },
    /// It was compared.
    Compared { dropped: Dropped, with: With, stale: Option<Stale> },
}

/// What a file was compared with.
#[derive(Clone, Debug)]
pub enum With {
    Run(String),
    /// Another file of the same plan.
    File(String),
}

/// Why Knosc may hold something else than what was compared with.
#[derive(Clone, Debug)]
pub enum Stale {
    Since { run: String, standing: Standing },
    Disordered,
}

impl Guarded {
    pub fn is_refused(&self) -> bool {
        matches!(&self.found, Found::Compared { dropped, .. } if !self.allowed.permits(dropped))
    }

    /// Whether a person should read of it though it is not refused.
    pub const fn is_worth_a_word(&self) -> bool {
        match &self.found {
            Found::Compared { dropped, stale, .. } => dropped.left_out > 0 || stale.is_some(),
            Found::NotRead => true,
            Found::Exempt | Found::Nothing { .. } => false,
        }
    }

    /// Whether nothing is known of what was loaded before.
    pub const fn is_first_load(&self) -> bool {
        matches!(self.found, Found::Nothing { .. })
    }

    /// What was found, as a sentence without the file's name.
    pub fn sentence(&self) -> String {
        let trigger = self.trigger;
        match &self.found {
            Found::NotRead => {
                "not compared with what was loaded before: nobody looked into the file".to_owned()
            }
            Found::Exempt => "no row refreshes: what the file leaves out stays".to_owned(),
            Found::Nothing { loaded_by: None } => {
                format!("nothing to compare with: no file of {trigger} completed from here before")
            }
            Found::Nothing { loaded_by: Some(run) } => format!(
                "nothing to compare with: what run {run} loaded into {trigger} was not looked into"
            ),
            Found::Compared { dropped, with, stale } => {
                dropped_sentence(trigger, dropped, with) + &stale_sentence(stale.as_ref())
            }
        }
    }
}

fn dropped_sentence(trigger: Trigger, dropped: &Dropped, with: &With) -> String {
    let with = match with {
        With::Run(run) => format!("that run {run} loaded"),
        With::File(file) => format!("of '{file}', which goes before it"),
    };
    let (of, left_out) = (grouped(dropped.of), grouped(dropped.left_out));
    let (what, counted) = if dropped.by_key {
        ("keys", "")
    } else {
        ("rows", " (rows are counted: there is no key that both have)")
    };
    if dropped.left_out == 0 {
        return format!("leaves out none of the {of} {what} {with}{counted}");
    }
    let share = share(dropped);
    let effect = match Effect::of(trigger) {
        Effect::Closes => format!("REFRESH closes them in {trigger}"),
        Effect::Archives => format!("REFRESH archives them in {trigger}"),
        Effect::Replaces => format!("REFRESH replaces all of {trigger}, so that they go"),
        Effect::MayClose => format!("REFRESH may close them in {trigger}"),
    };
    format!("leaves out {left_out} of {of} {what} ({share}) {with}{counted}; {effect}")
}

fn stale_sentence(stale: Option<&Stale>) -> String {
    match stale {
        None => String::new(),
        Some(Stale::Since { run, standing: Standing::Completed }) => {
            format!("; this is stale: run {run} loaded a file since whose rows are not known")
        }
        Some(Stale::Since { run, standing }) => format!(
            "; this is stale: run {run} ({}) may have changed what Knosc has since",
            standing.word()
        ),
        Some(Stale::Disordered) => {
            "; this is stale: files ended in another order than they were accepted, or one arrived in part"
                .to_owned()
        }
    }
}

/// In percent, rounded up: what is not nothing is not told as nothing.
fn share(dropped: &Dropped) -> String {
    let (left_out, of) = (u128::from(dropped.left_out), u128::from(dropped.of.max(1)));
    let tenths = (left_out * 1_000).div_ceil(of);
    format!("{}.{} %", tenths / 10, tenths % 10)
}

/// A number with commas, as people read it.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// What can be done about files that leave out too much.
pub fn hint(refused: &[Guarded]) -> String {
    let dropped = refused.iter().filter_map(|guarded| match &guarded.found {
        Found::Compared { dropped, .. } => Some(dropped),
        _ => None,
    });
    // A file without a row is let through by no number.
    let is_all = dropped.clone().any(|dropped| dropped.left_out == dropped.of);
    let most = dropped.map(|dropped| dropped.left_out).max().unwrap_or_default();
    let most = if is_all { Allowance::ALL } else { Allowance::Count(most) };
    format!(
        "look whether the export is whole; if so many are meant to go, say --allow-drop {most}, or allow-drop in the manifest"
    )
}

/// Every sentence of files that leave out too much.
pub fn told(refused: &[Guarded]) -> String {
    let line = |guarded: &Guarded| {
        let (file, sentence, allowed) = (&guarded.file, guarded.sentence(), guarded.allowed);
        format!("{file}: {sentence}; at most {allowed} may go")
    };
    refused.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Compares each file, in the order of sending: of two files of one trigger the second one with the first.
pub async fn compare(
    store: Option<&Store>,
    tenant: &str,
    files: &[SourceFile],
    contents: &[Option<Contents>],
    order: &[usize],
) -> Result<Vec<Guarded>, Problem> {
    let mut in_plan: BTreeMap<Trigger, (Option<Loaded>, String)> = BTreeMap::new();
    let mut all = Vec::with_capacity(order.len());
    for (file, contents) in
        order.iter().filter_map(|index| Some((files.get(*index)?, contents.get(*index)?)))
    {
        let trigger = file.trigger;
        let name = file.name();
        let repeats = order
            .iter()
            .filter(|index| files.get(**index).is_some_and(|other| other.trigger == trigger));
        let is_repeated = repeats.count() > 1;
        let (found, before) = match (contents, in_plan.remove(&trigger)) {
            (None, _) => (Found::NotRead, None),
            (Some(contents), Some((loaded, with))) => {
                (in_order(contents, loaded.as_ref(), with), loaded)
            }
            (Some(contents), None) => against_store(store, tenant, trigger, contents).await?,
        };
        if let (true, Some(contents)) = (is_repeated, contents) {
            let after = Loaded::after(before.as_ref(), contents);
            in_plan.insert(trigger, (after, name.clone()));
        }
        let allowed = file.allow_drop.unwrap_or_default();
        all.push(Guarded { trigger, file: name, found, allowed });
    }
    Ok(all)
}

fn in_order(contents: &Contents, loaded: Option<&Loaded>, with: String) -> Found {
    match refresh::compare(contents, loaded) {
        Comparison::Exempt => Found::Exempt,
        Comparison::Nothing => Found::Nothing { loaded_by: None },
        Comparison::Found(dropped) => {
            Found::Compared { dropped, with: With::File(with), stale: None }
        }
    }
}

async fn against_store(
    store: Option<&Store>,
    tenant: &str,
    trigger: Trigger,
    contents: &Contents,
) -> Result<(Found, Option<Loaded>), Problem> {
    let Some(store) = store else {
        return Ok((in_order(contents, None, String::new()), None));
    };
    let recorded = store.loaded(tenant, trigger).await?;
    let earlier = store.earlier(tenant, trigger, None).await?;
    let (accepted, number) = recorded
        .as_ref()
        .map_or((i64::MIN, i64::MIN), |recorded| (recorded.accepted, recorded.run_number));
    let since = refresh::changed_since(accepted, number, &earlier);
    let loaded = recorded.as_ref().map(|recorded| &recorded.loaded);
    let found = match (refresh::compare(contents, loaded), &recorded) {
        (Comparison::Exempt, _) => Found::Exempt,
        (Comparison::Found(dropped), Some(recorded)) => {
            let stale = match since {
                Some(since) => {
                    Some(Stale::Since { run: since.run.clone(), standing: since.step.standing })
                }
                None => recorded.is_disordered.then_some(Stale::Disordered),
            };
            Found::Compared { dropped, with: With::Run(recorded.run.clone()), stale }
        }
        (Comparison::Nothing | Comparison::Found(_), _) => {
            let completed =
                earlier.iter().find(|earlier| earlier.step.standing == Standing::Completed);
            Found::Nothing { loaded_by: completed.map(|earlier| earlier.run.clone()) }
        }
    };
    Ok((found, recorded.map(|recorded| recorded.loaded)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_and_shares_are_never_told_too_small() {
        let check = |number, expected: &str| assert_eq!(grouped(number), expected);
        check(0, "0");
        check(999, "999");
        check(4_810, "4,810");
        check(1_000_000, "1,000,000");
        let check = |left_out, of, expected: &str| {
            assert_eq!(share(&Dropped { left_out, of, by_key: true }), expected);
        };
        check(312, 4_810, "6.5 %");
        check(1, 1_000_000, "0.1 %");
        check(7, 7, "100.0 %");
    }
}
