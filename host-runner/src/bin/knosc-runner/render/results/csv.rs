//! As CSV: a line a message, with the line of the file under both ways of counting.
//!
//! A spreadsheet program must compute nothing of it: values that it would take for a formula get an apostrophe.

use crate::results::{Place, Results, Source};

const HEADER: [&str; 14] = [
    "trigger",
    "file",
    "job_id",
    "row",
    "message",
    "kind",
    "line_header_not_counted",
    "cell_header_not_counted",
    "column_header_not_counted",
    "value_header_not_counted",
    "line_header_counted",
    "cell_header_counted",
    "column_header_counted",
    "value_header_counted",
];

pub fn text(results: &Results) -> String {
    let mut text = record(HEADER.iter().map(|name| (*name).to_owned()));
    for file in &results.files {
        let source = file.source.as_ref().ok();
        for rejected in &file.rejected {
            let head = [
                file.trigger.name().to_owned(),
                file.file.clone(),
                file.job_id.clone().unwrap_or_default(),
                rejected.row.map(|row| row.to_string()).unwrap_or_default(),
                rejected.message.clone(),
                rejected.shape.clone(),
            ];
            let places = rejected.places.iter().flat_map(|found| place(found.as_ref(), source));
            text += &record(head.into_iter().chain(places));
        }
    }
    text
}

fn place(place: Option<&Place>, source: Option<&Source>) -> [String; 4] {
    let Some(place) = place else { return [const { String::new() }; 4] };
    let of_column = |texts: &[String]| {
        place.column.and_then(|column| texts.get(column)).cloned().unwrap_or_default()
    };
    [
        place.line.to_string(),
        place.cell.clone().unwrap_or_default(),
        source.map_or_else(String::new, |source| of_column(&source.header)),
        of_column(&place.cells),
    ]
}

fn record(values: impl Iterator<Item = String>) -> String {
    values.map(|value| quoted(&value)).collect::<Vec<_>>().join(",") + "\r\n"
}

/// In quotes always, so that a spreadsheet program that saves it again changes little.
fn quoted(value: &str) -> String {
    let begin = value.chars().find(|c| !c.is_whitespace() || matches!(c, '\t' | '\r'));
    // A minus before digits alone is a number and computes nothing.
    let is_number = value.parse::<f64>().is_ok_and(f64::is_finite);
    let is_formula =
        matches!(begin, Some('=' | '+' | '-' | '@' | '\t' | '\r' | '＝' | '＋' | '－' | '＠'));
    let mark = if is_formula && !is_number { "'" } else { "" };
    format!("\"{mark}{}\"", value.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_that_a_spreadsheet_computes() {
        let check = |value: &str, expected: &str| assert_eq!(quoted(value), expected);
        check("EACH", "\"EACH\"");
        check("say \"no\"", "\"say \"\"no\"\"\"");
        check("-5.25", "\"-5.25\"");
        check("+49", "\"+49\"");
        check("=1+1", "\"'=1+1\"");
        check("  =cmd|' /C calc'!A0", "\"'  =cmd|' /C calc'!A0\"");
        check("@SUM(A1)", "\"'@SUM(A1)\"");
        check("-inf", "\"'-inf\"");
        check("+cmd", "\"'+cmd\"");
        check("\t=1", "\"'\t=1\"");
        check("＝1+1", "\"'＝1+1\"");
    }
}
