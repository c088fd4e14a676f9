//! What a message of Knosc speaks of, as far as its words show: the values in it, the column, and the shape that messages share.
//!
//! No message's form is documented beyond two samples. What is found here marks and groups; it decides nothing.

use knosc_bulk_import::trigger::Trigger;

use crate::known::Table;

/// What stands for a value.
const VALUE: &str = "…";

/// The values of a message: what stands in single quotes, and what follows its last colon.
fn values(message: &str) -> Vec<&str> {
    let mut values: Vec<&str> = message
        .split('\'')
        .skip(1)
        .step_by(2)
        .map(str::trim)
        .filter(|text| !text.is_empty())
        .collect();
    if let Some((_, tail)) = message.rsplit_once(": ") {
        values.push(tail.trim().trim_matches('\''));
    }
    values.retain(|value| !value.is_empty());
    values
}

/// A message without its values, so that those of one kind are one: `Item Unit '…' not found in Unit Master`.
///
/// Quoted texts and words with a digit are values; so is the cell's own text behind a colon.
pub fn shape(message: &str, cell: Option<&str>) -> String {
    let cell = cell.map(str::trim).filter(|cell| !cell.is_empty());
    let mut shape = String::new();
    for (at, part) in message.split('\'').enumerate() {
        if at % 2 == 1 {
            shape.extend(["'", VALUE, "'"]);
            continue;
        }
        let part = match (part.rsplit_once(": "), cell) {
            (Some((before, tail)), Some(cell)) if tail.trim() == cell => {
                format!("{before}: {VALUE}")
            }
            _ => part.to_owned(),
        };
        let word = |word: &str| {
            let has_digit = word.bytes().any(|byte| byte.is_ascii_digit());
            if has_digit { VALUE.to_owned() } else { word.to_owned() }
        };
        shape += &part.split(' ').map(word).collect::<Vec<_>>().join(" ");
    }
    shape
}

/// The column that a message speaks of in this row, from 0: one that it names and whose value it holds; else one whose value it
/// holds; else, where it holds no value, one that it names.
pub fn mark(trigger: Trigger, message: &str, header: &[String], cells: &[String]) -> Option<usize> {
    let values = values(message);
    let holds = |at: &usize| {
        let cell = cells.get(*at).map_or("", |cell| cell.trim());
        !cell.is_empty() && values.contains(&cell)
    };
    let named = named(trigger, message, header);
    let by_both = named.iter().copied().find(holds);
    by_both.or_else(|| (0..cells.len()).find(holds)).or_else(|| {
        // "Unit Code is required": there is no value to be found.
        if values.is_empty() { named.first().copied() } else { None }
    })
}

/// Whether a value of the message stands in the row: what speaks for a way of counting.
pub fn names_value_of(message: &str, cells: &[String]) -> bool {
    let values = values(message);
    cells.iter().any(|cell| !cell.trim().is_empty() && values.contains(&cell.trim()))
}

/// Columns whose name, in the header or as Knosc says it, stands in the message; the longest name first.
fn named(trigger: Trigger, message: &str, header: &[String]) -> Vec<usize> {
    let table = Table::of(trigger);
    let name_of = |at: usize, text: &String| {
        let known = table.and_then(|table| table.column(text)).map(|column| column.name);
        let names = [Some(text.as_str()), known].into_iter().flatten();
        let fitting = names.filter(|name| !name.is_empty() && message.contains(name));
        fitting.map(str::len).max().map(|length| (std::cmp::Reverse(length), at))
    };
    let mut named: Vec<_> =
        header.iter().enumerate().filter_map(|(at, text)| name_of(at, text)).collect();
    named.sort_unstable();
    named.into_iter().map(|(_, at)| at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn messages_of_one_kind_have_one_shape() {
        let check = |message, cell, expected: &str| assert_eq!(shape(message, cell), expected);
        check(
            "Item Unit 'EACH' not found in Unit Master",
            None,
            "Item Unit '…' not found in Unit Master",
        );
        check("Duplicate Item Number: WIDGET-99", None, "Duplicate Item Number: …");
        check("Duplicate Unit Code: EA", Some(" EA "), "Duplicate Unit Code: …");
        check("Duplicate Unit Code: EA", Some("PR"), "Duplicate Unit Code: EA");
        check("Unit Code is required", Some(""), "Unit Code is required");
        check("unclosed 'quote", None, "unclosed '…'");
        check("", None, "");
    }

    #[test]
    fn the_cell_is_marked_that_the_message_speaks_of() {
        let header = texts(&["_ItemNumber", "_ItemDescription", "_ItemUnit"]);
        let check = |message, cells: &[&str], expected| {
            let found = mark(Trigger::ItemMaster, message, &header, &texts(cells));
            assert_eq!(found, expected, "{message} {cells:?}");
        };
        let unit = "Item Unit 'EACH' not found in Unit Master";
        check(unit, &["FG-1", "EACH", "EACH"], Some(2));
        check(unit, &["FG-1", "EACH", "PR"], Some(1));
        check(unit, &["FG-1", "Pump", "PR"], None);
        check("Duplicate Item Number: WIDGET-99", &["WIDGET-99", "Pump", "EA"], Some(0));
        check("Item Number is required", &["", "Pump", "EA"], Some(0));
        check("_ItemUnit is required", &["FG-1", "Pump"], Some(2));
        check("something else", &["FG-1", "Pump", "EA"], None);
        assert!(
            names_value_of(unit, &texts(&[" EACH "])) && !names_value_of(unit, &texts(&["", "PR"]))
        );
    }
}
