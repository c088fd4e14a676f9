//! When each file was sent, queued and processed, as a drawing with the same times as a table beside it for whoever sees none.

use std::fmt::Write as _;

use super::html::escaped;
use crate::results::{FileResult, Phase, Results, Stage};

/// The drawing's own units.
const WIDTH: u64 = 1_000;
const LABEL: u64 = 240;
const ROW: u64 = 24;
/// Space at the right, for the last time.
const MARGIN: u64 = 70;
/// A phase that took no time can be seen.
const BAR_MIN: u64 = 2;

pub fn timeline(page: &mut String, results: &Results) {
    let files: Vec<&FileResult> =
        results.files.iter().filter(|file| !file.stages.is_empty()).collect();
    let stages = || files.iter().flat_map(|file| &file.stages);
    let (Some(begin), Some(end)) =
        (stages().map(|stage| stage.from_ms).min(), stages().map(|stage| stage.to_ms).max())
    else {
        return;
    };
    let span = end.saturating_sub(begin).max(1);
    let height = ROW * (files.len() as u64 + 1);
    page.push_str("<h2>Timeline</h2>\n<p class=\"key\">");
    for phase in [Phase::Sending, Phase::Queued, Phase::Running] {
        let _ = write!(page, "<span class=\"{0}\"></span>{0}", phase.word());
    }
    let _ = writeln!(
        page,
        "</p>\n<div class=\"scroll\"><svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"When each file was sent, queued and processed\" width=\"100%\">"
    );
    let place = |at: u64| LABEL + at.saturating_sub(begin) * (WIDTH - LABEL - MARGIN) / span;
    for quarter in 0..=4 {
        let x = place(begin + span * quarter / 4);
        let bottom = height - ROW;
        let _ = writeln!(
            page,
            "<line class=\"grid\" x1=\"{x}\" y1=\"0\" x2=\"{x}\" y2=\"{bottom}\"/><text x=\"{x}\" y=\"{}\">{}</text>",
            height - 7,
            seconds(span * quarter / 4)
        );
    }
    for (number, file) in (0_u64..).zip(&files) {
        let y = number * ROW;
        let _ = writeln!(page, "<text x=\"4\" y=\"{}\">{}</text>", y + 17, label(file));
        for Stage { phase, from_ms, to_ms } in &file.stages {
            let x = place(*from_ms);
            let width = place(*to_ms).saturating_sub(x).max(BAR_MIN);
            let (word, took) = (phase.word(), seconds(to_ms.saturating_sub(*from_ms)));
            let _ = writeln!(
                page,
                "<rect class=\"{word}\" x=\"{x}\" y=\"{}\" width=\"{width}\" height=\"{}\"><title>{} {word} {took}</title></rect>",
                y + 5,
                ROW - 10,
                escaped(&file.file)
            );
        }
    }
    page.push_str("</svg></div>\n");
    table(page, &files);
}

fn table(page: &mut String, files: &[&FileResult]) {
    page.push_str("<details><summary>Times</summary><div class=\"scroll\"><table><thead><tr><th scope=\"col\">File</th>");
    for phase in [Phase::Sending, Phase::Queued, Phase::Running] {
        let _ = write!(page, "<th scope=\"col\" class=\"number\">{}</th>", phase.word());
    }
    page.push_str("</tr></thead><tbody>\n");
    for file in files {
        let _ = write!(page, "<tr><th scope=\"row\">{}</th>", escaped(&file.file));
        for phase in [Phase::Sending, Phase::Queued, Phase::Running] {
            let of_it = file.stages.iter().filter(|stage| stage.phase == phase);
            let spent: u64 = of_it.map(|stage| stage.to_ms.saturating_sub(stage.from_ms)).sum();
            let _ = write!(page, "<td class=\"number\">{}</td>", seconds(spent));
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</tbody></table></div></details>\n");
}

/// As much of a file's name as there is room for.
fn label(file: &FileResult) -> String {
    const CHARS: usize = 30;
    if file.file.chars().count() <= CHARS {
        return escaped(&file.file);
    }
    escaped(&file.file.chars().take(CHARS - 1).chain(['…']).collect::<String>())
}

/// `1.25 s`, or minutes and hours where there are some.
fn seconds(ms: u64) -> String {
    match ms {
        0..60_000 => format!("{}.{:02} s", ms / 1_000, ms % 1_000 / 10),
        60_000..3_600_000 => format!("{} min {:02} s", ms / 60_000, ms / 1_000 % 60),
        _ => format!("{} h {:02} min", ms / 3_600_000, ms / 60_000 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_short() {
        let check = |ms, expected: &str| assert_eq!(seconds(ms), expected);
        check(0, "0.00 s");
        check(1_259, "1.25 s");
        check(61_000, "1 min 01 s");
        check(3_720_000, "1 h 02 min");
    }
}
