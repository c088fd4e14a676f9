//! What Knosc itself has of the masters that files refer to: its documented lists, read page by page. GETs only.
//!
//! Of the lists' JSON `data.rows` and `data.headers` are documented, and that a column has the name that Knosc's screens have. Where
//! no column has it, nothing is compared and that is said.

use std::time::Duration;

use knosc_bulk_import::fault::{Fault, Refusal};
use knosc_bulk_import::origin::Origin;
use knosc_bulk_import::trigger::Trigger;
use knosc_checks::Elsewhere;
use knosc_checks::known::{Reference, Table};
use knosc_runner::error::Error;
use knosc_runner::manifest::SourceFile;
use knosc_runner::tenant::Tenant;
use serde_json::Value;

use crate::args::Global;
use crate::connect;
use crate::credentials::Need;
use crate::problem::Problem;
use crate::render::Reporter;

/// Rows that are asked for at once; how many Knosc gives is its own.
const PAGE_ROWS: usize = 1_000;
/// How long all lists may take: a million rows come in minutes.
const TIME_MAX: Duration = Duration::from_mins(10);
/// Pages of one list; a million rows, if Knosc gives as many as are asked for.
const PAGES_MAX: usize = 1_000;

/// Reads the list of each master that one of the files refers to.
pub async fn read(
    global: &Global,
    origin: &Origin,
    files: &[SourceFile],
    reporter: &mut Reporter,
) -> Result<Vec<Elsewhere>, Problem> {
    let wanted = wanted(files);
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let tenant = connect::tenant(global, origin, Need::Any)?;
    let late = |_| {
        let message = "Knosc's lists were not read within 10 minutes";
        Problem::from(Error::Fault(Fault::Transient(Refusal::unanswered(message))))
    };
    tokio::time::timeout(TIME_MAX, lists(&tenant, wanted, reporter)).await.map_err(late)?
}

async fn lists(
    tenant: &Tenant,
    wanted: Vec<Reference>,
    reporter: &mut Reporter,
) -> Result<Vec<Elsewhere>, Problem> {
    let mut found = Vec::with_capacity(wanted.len());
    for reference in wanted {
        let mut list = Elsewhere { reference, values: Vec::new(), is_whole: true };
        let is_named = all_pages(tenant, "", &mut list).await?;
        if reference.trigger == Trigger::WarehouseMaster && is_named {
            // "Inactive warehouses are left out of every list by default unless filtered on Warehouse Status."
            all_pages(tenant, "&filter%5BWarehouse+Status%5D=Inactive", &mut list).await?;
        }
        if is_named {
            found.push(list);
        } else {
            let (trigger, name) = (reference.trigger, name_of(reference));
            reporter.note(&format!(
                "Knosc's list of {trigger} has no column '{name}': nothing is compared with it"
            ));
        }
    }
    Ok(found)
}

/// What the files refer to by one column alone, each once, in Knosc's order.
fn wanted(files: &[SourceFile]) -> Vec<Reference> {
    let mut wanted: Vec<Reference> = Vec::new();
    let tables = files.iter().filter_map(|file| Table::of(file.trigger));
    let columns = tables.flat_map(|table| table.columns);
    for reference in columns.filter_map(|column| column.reference) {
        if reference.with.is_none() && !wanted.contains(&reference) {
            wanted.push(reference);
        }
    }
    wanted.sort_by_key(|reference| reference.trigger);
    wanted
}

/// What Knosc's screens call the column.
fn name_of(reference: Reference) -> &'static str {
    let column = Table::of(reference.trigger).and_then(|table| table.column(reference.column));
    column.map_or("", |column| column.name)
}

/// Reads pages until one is shorter than the first; whether the list has the column.
async fn all_pages(tenant: &Tenant, filter: &str, list: &mut Elsewhere) -> Result<bool, Problem> {
    let trigger = list.reference.trigger;
    let (mut first_count, mut before) = (0, Vec::new());
    for number in 1..=PAGES_MAX {
        let path = format!("/api/{trigger}?page={number}&page_size={PAGE_ROWS}{filter}");
        let answer = tenant.list(&path).await?;
        let Some(page) = Page::of(&answer, name_of(list.reference)) else {
            return Err(Problem::Io {
                what: format!("Knosc's list of {trigger}"),
                message: "the answer has no rows where they are documented (data.rows)".to_owned(),
            });
        };
        if page.count == 0 {
            return Ok(true);
        }
        if !page.is_named {
            return Ok(false);
        }
        if page.values == before {
            // The same page again: pages are not what we think, and what is behind the first is not known.
            list.is_whole = false;
            return Ok(true);
        }
        list.values.extend(page.values.iter().cloned());
        if number == 1 {
            first_count = page.count;
        }
        // How many rows a page has at most is Knosc's own: the first one shows it.
        if page.count < first_count {
            return Ok(true);
        }
        before = page.values;
    }
    list.is_whole = false;
    Ok(true)
}

/// One page of a list.
#[derive(Debug, PartialEq, Eq)]
struct Page {
    count: usize,
    values: Vec<String>,
    /// A column of this name is in the headers, or in a row.
    is_named: bool,
}

impl Page {
    fn of(answer: &[u8], name: &str) -> Option<Self> {
        let answer: Value = serde_json::from_slice(answer).ok()?;
        let data = answer.get("data")?;
        let rows = data.get("rows")?.as_array()?;
        let text = |header: &Value, key: &str| header.get(key)?.as_str().map(str::to_owned);
        let headers = data.get("headers").and_then(Value::as_array);
        let header = headers.into_iter().flatten().find(|header| {
            ["key", "alias"].iter().any(|key| text(header, key).is_some_and(|text| text == name))
        });
        let key = header.and_then(|header| text(header, "key")).unwrap_or_else(|| name.to_owned());
        let is_named = header.is_some() || rows.iter().any(|row| row.get(&key).is_some());
        let value = |row: &Value| match row.get(&key)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        let values = rows.iter().filter_map(value).collect();
        Some(Self { count: rows.len(), values, is_named })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(answer: &Value, expected: Option<(&[&str], bool)>) {
        let page = Page::of(answer.to_string().as_bytes(), "Unit Code");
        let found = page.map(|page| (page.values, page.is_named));
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        assert_eq!(found, expected.map(|(values, is_named)| (texts(values), is_named)), "{answer}");
    }

    #[test]
    fn a_page_is_read_as_it_is_documented_and_no_key_is_guessed() {
        let rows = json!([{ "Unit Code": "EA" }, { "Unit Code": 7 }, { "Unit Code": null }]);
        check(&json!({ "data": { "rows": rows } }), Some((&["EA", "7"], true)));
        let headers = json!([{ "key": "uc", "alias": "Unit Code" }]);
        let data = json!({ "headers": headers, "rows": [{ "uc": "EA", "Unit Code": "no" }] });
        check(&json!({ "data": data }), Some((&["EA"], true)));
        check(&json!({ "data": { "rows": [{ "code": "EA" }] } }), Some((&[], false)));
        check(&json!({ "data": { "rows": [] } }), Some((&[], false)));
        check(&json!({ "data": { "rows": {} } }), None);
        check(&json!({ "rows": [] }), None);
        assert_eq!(Page::of(b"<html>", "Unit Code"), None);
    }
}
