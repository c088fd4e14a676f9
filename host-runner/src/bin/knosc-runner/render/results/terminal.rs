//! For a terminal: messages by their kind, each with its row under both ways of counting and the cell marked.

use std::fmt::Write as _;

use super::super::text::{RED, YELLOW, clean, paint};
use super::{NUMBERING, notes, said};
use crate::results::{FileResult, Place, Rejected, Results, Source};

/// Messages of one kind that are shown; the others are counted, and are in the other forms.
const SHOWN_MAX: usize = 5;
/// Characters of a cell.
const CELL_CHARS: usize = 24;
/// The place of a row is at least so wide, so that those of a text file stand below each other.
const PLACE_CHARS_MIN: usize = 14;
/// Cells beside the marked one.
const BESIDE: usize = 2;

pub fn text(results: &Results) -> String {
    let mut text = format!("run {} at {}\n", results.run, results.tenant);
    for file in &results.files {
        let _ = writeln!(
            text,
            "{:<11}  {:<20}  {}",
            file.outcome,
            file.trigger.name(),
            clean(&file.file)
        );
        for note in notes(file) {
            let _ = writeln!(text, "  {note}");
        }
        groups(&mut text, file);
    }
    if results.files.iter().any(|file| !file.rejected.is_empty()) {
        let _ = writeln!(text, "\n{NUMBERING}.");
    }
    text
}

fn groups(text: &mut String, file: &FileResult) {
    for (shape, group) in file.groups() {
        let rows =
            if group.len() == 1 { "once".to_owned() } else { format!("{} times", group.len()) };
        let _ = writeln!(text, "\n  {}  {rows}", paint(&clean(shape), YELLOW));
        for rejected in group.iter().take(SHOWN_MAX) {
            let _ = writeln!(text, "    {}", said(rejected));
            if let Ok(source) = &file.source {
                places(text, rejected, source);
            }
        }
        if let Some(hidden) = group.len().checked_sub(SHOWN_MAX).filter(|hidden| *hidden > 0) {
            let _ = writeln!(text, "    … and {hidden} more of this kind (--format csv lists all)");
        }
    }
}

fn places(text: &mut String, rejected: &Rejected, source: &Source) {
    let named = |place| (place, place_name(place, source));
    let named: Vec<(&Place, String)> = rejected.places().map(named).collect();
    // Both lines and the marks below them begin at one place.
    let widths = named.iter().map(|(_, name)| name.chars().count());
    let width = widths.max().unwrap_or(0).max(PLACE_CHARS_MIN);
    for (place, name) in named {
        let (above, marks) = excerpt(place);
        let words = place.counting.words();
        let _ = writeln!(text, "      {words:<18}  {name:<width$} │ {above}");
        if let (Some(marks), Some(column)) = (marks, place.column) {
            let name = source.header.get(column).map_or("", String::as_str);
            let marks = paint(&marks, RED);
            let _ = writeln!(text, "      {:<18}  {:<width$} │ {marks} {}", "", "", clean(name));
        }
    }
}

fn place_name(place: &Place, source: &Source) -> String {
    let line = place.line;
    match (&source.sheet, &place.cell) {
        (Some(sheet), Some(cell)) => format!("{}!{cell}", clean(sheet)),
        (Some(sheet), None) => format!("{}, row {line}", clean(sheet)),
        (None, _) => format!("line {line}"),
    }
}

/// The cells around the marked one, and what points at it.
fn excerpt(place: &Place) -> (String, Option<String>) {
    let shown: Vec<String> = place.cells.iter().map(|cell| short(cell)).collect();
    let around = place.column.unwrap_or(0);
    let begin = around.saturating_sub(BESIDE);
    let end = (around + BESIDE + 1).min(shown.len());
    let mut text = String::new();
    let mut marks = None;
    let mut part = |text: &mut String, at: usize| {
        let Some(cell) = shown.get(at) else { return };
        if !text.is_empty() {
            text.push_str(" │ ");
        }
        if place.column == Some(at) {
            let width = cell.chars().count().max(1);
            marks = Some(format!("{}{}", " ".repeat(text.chars().count()), "^".repeat(width)));
        }
        text.push_str(cell);
    };
    // The first cell is mostly what a person knows the row by.
    if begin > 0 {
        part(&mut text, 0);
    }
    if begin > 1 {
        text.push_str(" │ …");
    }
    for at in begin..end {
        part(&mut text, at);
    }
    // An empty cell at the end has to be there to be pointed at.
    if let (Some(column), None) = (place.column, &marks)
        && column >= shown.len()
    {
        text.push_str(" │ ");
        marks = Some(format!("{}^", " ".repeat(text.chars().count())));
    }
    if end < shown.len() {
        text.push_str(" │ …");
    }
    (text.trim_end().to_owned(), marks)
}

fn short(cell: &str) -> String {
    let cell = clean(cell.trim());
    if cell.chars().count() <= CELL_CHARS {
        return cell;
    }
    cell.chars().take(CELL_CHARS - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use knosc_checks::rejected::Counting;

    use super::*;

    fn check(cells: &[&str], column: Option<usize>, text: &str, marks: Option<&str>) {
        let cells = cells.iter().map(|cell| (*cell).to_owned()).collect();
        let counting = Counting::FromTop;
        let place = Place { counting, line: 1, cells, column, cell: None, has_value: true };
        assert_eq!(excerpt(&place), (text.to_owned(), marks.map(str::to_owned)));
    }

    #[test]
    fn the_marks_of_a_workbook_stand_under_its_cell() {
        let place = |counting, column: Option<usize>| Place {
            counting,
            line: 413,
            cells: vec!["W-1".to_owned(), "EACH".to_owned()],
            column,
            cell: column.map(|_| "B413".to_owned()),
            has_value: true,
        };
        let [first, second] = Counting::BOTH;
        let rejected = Rejected {
            row: Some(413),
            message: String::new(),
            shape: String::new(),
            places: [Some(place(first, Some(1))), Some(place(second, None))],
        };
        let header = vec!["Number".to_owned(), "Unit".to_owned()];
        let sheet = Some("items of the north".to_owned());
        let source = Source { sheet, header, rows: 1, blank_rows: 0 };
        let mut text = String::new();
        places(&mut text, &rejected, &source);
        let text = String::from_utf8(super::super::without_colours(text.as_bytes())).unwrap();
        let lines: Vec<Vec<char>> = text.lines().map(|line| line.chars().collect()).collect();
        let at = |line: usize, wanted: char| lines[line].iter().position(|c| *c == wanted).unwrap();
        assert_eq!((at(0, '│'), at(0, '│')), (at(1, '│'), at(2, '│')), "{text}");
        let marks = at(1, '^');
        assert_eq!(lines[0][marks..marks + 4].iter().collect::<String>(), "EACH", "{text}");
    }

    #[test]
    fn the_marks_stand_under_the_cell() {
        check(&["a", "bb", "c"], Some(1), "a │ bb │ c", Some("    ^^"));
        check(
            &["key", "b", "c", "d", "e", "f", "g"],
            Some(4),
            "key │ … │ c │ d │ e │ f │ g",
            Some("                  ^"),
        );
        check(&["key", "b", "c", "d", "e"], None, "key │ b │ c │ …", None);
        check(&["a", ""], Some(1), "a │", Some("    ^"));
        check(&["a"], Some(3), "a │", Some("    ^"));
        check(&["é\u{1b}[2J"], Some(0), "é [2J", Some("^^^^^"));
        check(&[&"x".repeat(99)], Some(0), &format!("{}…", "x".repeat(23)), Some(&"^".repeat(24)));
    }
}
