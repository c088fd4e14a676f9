//! What can be read back: lists and single records of what was loaded, templates, and the privilege preflight.
//! Changes nothing. List paths of sales orders, manufacturing, inventory and forecasts are assumed.

use serde_json::{Map, Value, json};

use super::{Tenant, nowhere, session::Sessions, session::not_privileged};
use crate::{
    Knobs, Request, Response,
    data::{
        columns::TABLES,
        store::{Row, Store},
        tables::{ACTION, Kind, Table},
    },
};

/// The documented preflight paths and the area whose View they check.
const PREFLIGHT: [(&str, &str); 15] = [
    ("/procurement", "Procurement"),
    ("/demand", "Demand"),
    ("/manufacturing", "Manufacturing"),
    ("/forecast", "Forecast"),
    ("/inventory", "Inventory"),
    ("/inventory-planning", "Inventory Planning"),
    ("/item-master", "Item Master"),
    ("/supplier-master", "Supplier Master"),
    ("/customer-master", "Customer Master"),
    ("/warehouse-master", "Warehouse Master"),
    ("/bill-of-materials", "Bill of Materials"),
    ("/users", "Users"),
    ("/scenario-analysis", "Scenarios"),
    ("/issue-tracker", "Issue Tracker"),
    ("/settings", "General Settings"),
];

/// Answers the templates in an assumed shape: only that there is a list of links is documented.
pub(super) fn templates() -> Response {
    let link = |table: &Table| json!({"type": table.trigger, "format": "csv", "link": format!("/api/templates/{}.csv", table.trigger)});
    Response::json(200, &json!({"templates": TABLES.iter().map(link).collect::<Vec<_>>()}))
}

/// Answers the preflight, which checks View only (documented).
pub(super) fn validate(
    sessions: &Sessions,
    account: usize,
    request: &Request,
) -> Result<Response, Response> {
    let path = request.query_value("path").unwrap_or_default();
    let found = PREFLIGHT.iter().find(|(known, _)| *known == path);
    let (_, area) = found.ok_or_else(not_privileged)?;
    sessions.demand(account, &format!("{area} / View"))?;
    Ok(Response::json(200, &json!({"access": true})))
}

impl Tenant {
    pub(super) fn list(
        &self,
        account: usize,
        request: &Request,
        knobs: &Knobs,
    ) -> Result<Response, Response> {
        let rest = request.path.strip_prefix("/api/").ok_or_else(|| nowhere(knobs))?;
        if let Some(trigger) =
            rest.strip_prefix("templates/").and_then(|name| name.strip_suffix(".csv"))
        {
            return template(trigger).ok_or_else(|| nowhere(knobs));
        }
        let (path, id) = rest.split_once('/').map_or((rest, None), |(path, id)| (path, Some(id)));
        let table = Table::at(path).ok_or_else(|| nowhere(knobs))?;
        self.sessions.demand(account, &format!("{} / View", table.area))?;
        let stored = self.stores.get(table).into_iter().flat_map(Store::rows);
        let documents = documents(table, stored);
        if let Some(id) = id {
            let id: u64 = id.parse().map_err(|_| nowhere(knobs))?;
            let found =
                documents.into_iter().find(|d| d.get("id").and_then(Value::as_u64) == Some(id));
            let missing = || {
                // 400 and not 404: the object pages all say so, against the status table.
                Response::error(
                    400,
                    &format!("{} #{id} not found", table.title),
                    &format!("{}.NotFound", table.domain),
                )
            };
            let record = Value::Object(found.ok_or_else(missing)?);
            // The documentation disagrees with itself: inventory has no `rows` around the record.
            let data = if table.trigger == "inventory" { record } else { json!({"rows": record}) };
            return Ok(Response::json(200, &json!({"data": data})));
        }
        Ok(page(table, documents, request, knobs))
    }
}

/// Answers a template, which is assumed to be a CSV file with the header row.
fn template(trigger: &str) -> Option<Response> {
    let body = Table::of(trigger)?.template().into_bytes();
    Some(
        Response { status: 200, body, ..Response::default() }
            .with_header("Content-Type", "text/csv"),
    )
}

/// Writes rows as records: flat, or one per document with its lines in `details`.
fn documents<'a>(table: &Table, rows: impl Iterator<Item = &'a Row>) -> Vec<Map<String, Value>> {
    let mut documents: Vec<Map<String, Value>> = Vec::new();
    let head_columns = if table.grouped { head(table) } else { table.columns.len() };
    for row in rows {
        let record = |skip: usize, take: usize| -> Map<String, Value> {
            let cells = table.columns.iter().zip(&row.values).skip(skip).take(take);
            let cells = cells.filter(|(column, _)| column.header != ACTION);
            let fields =
                cells.map(|(column, value)| (column.key.to_owned(), json(column.kind, value)));
            std::iter::once(("id".to_owned(), json!(row.id))).chain(fields).collect()
        };
        let head = record(0, head_columns);
        if !table.grouped {
            documents.push(head);
            continue;
        }
        let line = Value::Object(record(head_columns, table.columns.len()));
        let number = table.columns.first().map_or("", |column| column.key);
        // Rows come in the order of their keys, so that a document's lines follow one another.
        let last = documents.last_mut().filter(|last| last.get(number) == head.get(number));
        if let Some(Value::Array(details)) = last.and_then(|last| last.get_mut("details")) {
            details.push(line);
        } else {
            let mut head = head;
            head.insert("details".into(), json!([line]));
            documents.push(head);
        }
    }
    documents
}

/// Counts the columns that belong to the document and not to its lines: those before the item, or up to a BOM's status.
fn head(table: &Table) -> usize {
    let line =
        if table.trigger == "bill-of-materials" { "_ComponentItemNumber" } else { "_ItemNumber" };
    table.position(line).unwrap_or(table.columns.len())
}

fn json(kind: Kind, value: &str) -> Value {
    let number = || value.parse::<serde_json::Number>().ok().map(Value::Number);
    matches!(kind, Kind::Number).then(number).flatten().unwrap_or_else(|| json!(value))
}

/// Filters, sorts and cuts a page, in the documented envelope.
fn page(
    table: &Table,
    mut documents: Vec<Map<String, Value>>,
    request: &Request,
    knobs: &Knobs,
) -> Response {
    let filters = filters(request);
    let shown = |document: &Map<String, Value>, key: &str| match document.get(key) {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    documents.retain(|document| filters.iter().all(|(key, value)| shown(document, key) == *value));
    // Documented: inactive warehouses are left out unless the status is asked for.
    let status = "Warehouse Status";
    if table.trigger == "warehouse-master" && !filters.iter().any(|(key, _)| key == status) {
        documents.retain(|document| shown(document, status) != "Inactive");
    }
    let sort = request.query_value("sort").unwrap_or_else(|| "id".into());
    let (key, descending) =
        sort.strip_prefix('-').map_or((sort.as_str(), false), |key| (key, true));
    documents.sort_by_cached_key(|document| {
        (document.get(key).and_then(Value::as_u64), shown(document, key))
    });
    if descending {
        documents.reverse();
    }
    let number = |name: &str| request.query_value(name).and_then(|text| text.parse::<usize>().ok());
    let size = number("page_size").unwrap_or(knobs.assumed_page_size);
    let first = number("page").unwrap_or(1).saturating_sub(1).saturating_mul(size);
    let rows: Vec<_> = documents.into_iter().skip(first).take(size).collect();
    let format = |kind: Kind| match kind {
        Kind::Number => "number",
        Kind::Date => "date",
        Kind::Text | Kind::Choice(_) => "string",
    };
    let columns = table.columns.iter().filter(|column| column.header != ACTION);
    let headers: Vec<Value> =
        columns.map(|column| json!({"key": column.key, "format": format(column.kind)})).collect();
    let order = if descending { "Descending" } else { "Ascending" };
    let data = json!({"headers": headers, "sort": {"key": key, "type": order}, "rows": rows});
    Response::json(200, &json!({"data": data, "tags": {}, "extra": {}}))
}

/// Reads `filter[Key]=value` as a guide shows it, and `filter={"Key":"value"}`, which is assumed.
fn filters(request: &Request) -> Vec<(String, String)> {
    let mut filters = Vec::new();
    for (name, value) in request.query_pairs() {
        if let Some(key) = name.strip_prefix("filter[").and_then(|rest| rest.strip_suffix(']')) {
            filters.push((key.to_owned(), value));
        } else if name == "filter"
            && let Ok(Value::Object(object)) = serde_json::from_str(&value)
        {
            filters.extend(
                object.into_iter().filter_map(|(key, v)| Some((key, v.as_str()?.to_owned()))),
            );
        }
    }
    filters
}
