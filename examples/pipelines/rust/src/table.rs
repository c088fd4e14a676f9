//! From the ERP's columns to those of Knosc's template.
//!
//! Changes names and order, and no value: what the ERP says is what Knosc gets.

use std::io::{Read, Write};

use anyhow::{Context as _, Result};

/// What the ERP calls a column, and what the template calls it, in the template's order.
const COLUMNS: [(&str, &str); 4] = [
    ("unit", "_UnitCode"),
    ("text", "_UnitName"),
    ("dimension", "_UnitType"),
    ("factor", "_Multiplier"),
];

/// Reads the ERP's export, separated by semicolons, writes Knosc's, and gives the number of rows.
pub(crate) fn translate(from: impl Read, to: impl Write) -> Result<u64> {
    let mut from = csv::ReaderBuilder::new().delimiter(b';').from_reader(from);
    let header = from.headers().context("the ERP's answer is no table")?.clone();
    let mut places = Vec::with_capacity(COLUMNS.len());
    for (theirs, _) in COLUMNS {
        let place = header.iter().position(|name| name == theirs);
        places.push(place.with_context(|| format!("the ERP's export has no column '{theirs}'"))?);
    }
    let mut to = csv::Writer::from_writer(to);
    to.write_record(COLUMNS.map(|(_, template)| template))?;
    let mut rows = 0;
    // A row with more or fewer fields than the header is an error here.
    for row in from.records() {
        let row = row.context("the ERP's export cannot be read to its end")?;
        to.write_record(places.iter().map(|place| row.get(*place).unwrap_or_default()))?;
        rows += 1;
    }
    to.flush()?;
    Ok(rows)
}
