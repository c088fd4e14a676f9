//! As one page of HTML: counts, a timeline, messages by their kind with their rows. No network, no script; light and dark; by keyboard.
//!
//! Every text is escaped, and the page's own policy lets nothing in.

use std::fmt::Write as _;

use super::super::text::clean;
use super::timeline::timeline;
use super::{NUMBERING, notes};
use crate::results::{FileResult, Place, Rejected, Results, Source};
use crate::when;

const STYLE: &str = include_str!("page.css");

pub fn page(results: &Results) -> String {
    let (run, tenant) = (escaped(&results.run), escaped(&results.tenant));
    let created = when::rfc3339(results.created_ms);
    let finished = results.finished_ms.map_or_else(
        || "not finished".to_owned(),
        |finished| format!("finished {}", when::rfc3339(finished)),
    );
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>Run {run}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#rejected\">To the rejected rows</a>\n\
         <h1>Run {run}</h1>\n<p class=\"dim\">{tenant} · began {created} · {finished}</p>\n<main>\n"
    );
    counts(&mut page, results);
    timeline(&mut page, results);
    page.push_str("<div id=\"rejected\" tabindex=\"-1\">\n");
    let with_rows: Vec<_> = results.files.iter().filter(|file| !file.rejected.is_empty()).collect();
    for (number, file) in (1..).zip(&with_rows) {
        rejected(&mut page, number, file);
    }
    if with_rows.is_empty() {
        page.push_str("<h2>Rejected rows</h2>\n<p>Knosc named none.</p>\n");
    }
    page.push_str("</div>\n</main>\n</body>\n</html>\n");
    page
}

fn counts(page: &mut String, results: &Results) {
    page.push_str(
        "<h2 id=\"files\">Files</h2>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"files\"><table>\n\
         <thead><tr><th scope=\"col\">Outcome</th><th scope=\"col\">Trigger</th><th scope=\"col\">File</th>\
         <th scope=\"col\" class=\"number\">Rows processed</th><th scope=\"col\" class=\"number\">Rejected</th>\
         <th scope=\"col\">Job</th></tr></thead>\n<tbody>\n",
    );
    for file in &results.files {
        let rows = file.rows_processed.map(|rows| rows.to_string()).unwrap_or_default();
        let _ = writeln!(
            page,
            "<tr><td class=\"outcome {0}\">{0}</td><td>{1}</td><th scope=\"row\">{2}</th>\
             <td class=\"number\">{rows}</td><td class=\"number\">{3}</td><td><code>{4}</code></td></tr>",
            file.outcome,
            file.trigger.name(),
            escaped(&file.file),
            file.rejected.len(),
            escaped(file.job_id.as_deref().unwrap_or_default()),
        );
        for note in notes(file) {
            let note = escaped(&note);
            let _ =
                writeln!(page, "<tr class=\"note\"><td></td><td colspan=\"5\">{note}</td></tr>");
        }
    }
    page.push_str("</tbody></table></div>\n");
}

fn rejected(page: &mut String, number: usize, file: &FileResult) {
    let (trigger, name) = (file.trigger.name(), escaped(&file.file));
    let _ = writeln!(page, "<h2 id=\"file-{number}\">{trigger}: {name}</h2>\n<p>{NUMBERING}.</p>");
    for (shape, group) in file.groups() {
        let (count, shape) = (group.len(), escaped(shape));
        let _ = writeln!(
            page,
            "<details open><summary><span class=\"count\">{count}</span>{shape}</summary>\n\
             <div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{shape}\"><table class=\"cells\">\n\
             <thead><tr><th scope=\"col\" class=\"number\">Row</th><th scope=\"col\">Counted as</th><th scope=\"col\">Where</th><th scope=\"col\">Cell</th>{}</tr></thead>\n<tbody>",
            head(file.source.as_ref().ok())
        );
        for rejected in group {
            rows(page, rejected, file.source.as_ref().ok());
        }
        page.push_str("</tbody></table></div></details>\n");
    }
}

fn head(source: Option<&Source>) -> String {
    let header = source.map_or(&[][..], |source| source.header.as_slice());
    header.iter().fold(String::new(), |mut cells, name| {
        let _ = write!(cells, "<th scope=\"col\">{}</th>", escaped(name));
        cells
    })
}

fn rows(page: &mut String, rejected: &Rejected, source: Option<&Source>) {
    let row = rejected.row.map(|row| row.to_string()).unwrap_or_default();
    let columns = 3 + source.map_or(0, |source| source.header.len());
    let message = escaped(&rejected.message);
    let _ = writeln!(
        page,
        "<tr><th scope=\"row\" class=\"number\">{row}</th><td colspan=\"{columns}\">{message}</td></tr>"
    );
    for place in rejected.places() {
        let cells: String =
            place.cells.iter().enumerate().map(|(at, cell)| cell_of(place, at, cell)).collect();
        // A row that ends before the marked cell has nothing there.
        let ending = match place.column {
            Some(column) if column >= place.cells.len() => {
                let blank = "<td></td>".repeat(column - place.cells.len());
                format!("{blank}<td><mark>(empty)</mark></td>")
            }
            _ => String::new(),
        };
        let _ = writeln!(
            page,
            "<tr><td></td><td>{}</td><td>{}</td><td>{}</td>{cells}{ending}</tr>",
            place.counting.words(),
            escaped(&place_name(place, source)),
            marked(place, source)
        );
    }
}

/// The marked cell again, where it is seen without scrolling.
fn marked(place: &Place, source: Option<&Source>) -> String {
    let Some(column) = place.column else { return String::new() };
    let name = source.and_then(|source| source.header.get(column)).map_or("", String::as_str);
    let value = place.cells.get(column).map_or("", |value| value.trim());
    let value = if value.is_empty() { "(empty)" } else { value };
    format!("{} <mark>{}</mark>", escaped(name), escaped(value))
}

fn cell_of(place: &Place, at: usize, cell: &str) -> String {
    let text = escaped(cell);
    if place.column != Some(at) {
        return format!("<td>{text}</td>");
    }
    let text = if text.trim().is_empty() { "(empty)" } else { &text };
    format!("<td><mark>{text}</mark></td>")
}

fn place_name(place: &Place, source: Option<&Source>) -> String {
    let sheet = source.and_then(|source| source.sheet.as_deref());
    match (sheet, &place.cell) {
        (Some(sheet), Some(cell)) => format!("{sheet}!{cell}"),
        (Some(sheet), None) => format!("{sheet}, row {}", place.line),
        (None, _) => format!("line {}", place.line),
    }
}

/// Text as text, in elements and in attributes.
pub fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in clean(text).chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_becomes_markup() {
        let text = "<script>alert('x')</script>&\"\u{1b}";
        assert_eq!(escaped(text), "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;&quot; ");
    }

    #[test]
    fn the_style_loads_nothing() {
        for word in ["url(", "@import", "http", "</style"] {
            assert!(!STYLE.contains(word), "{word}");
        }
    }
}
