//! A plot as SVG: lines over file size, both axes logarithmic. Knows nothing of what is plotted.

use std::fmt::Write as _;

const WIDTH: f64 = 800.0;
const HEIGHT: f64 = 420.0;
/// Room for the labels at the left and below.
const MARGIN: f64 = 70.0;
/// Room for the names at the right.
const NAMES: f64 = 190.0;
/// Told apart in print and by people who see fewer colours (Okabe and Ito).
const COLOURS: [&str; 5] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#000000"];

/// One line: its name, and (size in bytes, value) by size.
pub(crate) type Line = (&'static str, Vec<(f64, f64)>);

/// The picture, as text.
pub(crate) fn svg(title: &str, unit: &str, lines: &[Line]) -> String {
    let points = || lines.iter().flat_map(|(_, points)| points.iter().copied());
    let decade = |value: f64, up: bool| {
        let log = value.max(1e-3).log10();
        if up { log.ceil() } else { log.floor() }
    };
    let (x_low, x_high) = bounds(points().map(|point| point.0));
    let (y_low, y_high) = bounds(points().map(|point| point.1));
    let (x_low, x_high) = (decade(x_low, false), decade(x_high, true));
    let (y_low, y_high) =
        (decade(y_low, false), decade(y_high, true).max(decade(y_low, false) + 1.0));
    let x =
        |log: f64| MARGIN + (log - x_low) / (x_high - x_low).max(1.0) * (WIDTH - MARGIN - NAMES);
    let y = |log: f64| HEIGHT - 50.0 - (log - y_low) / (y_high - y_low) * (HEIGHT - 100.0);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n<text x=\"{MARGIN}\" y=\"24\" font-size=\"15\">{title}</text>\n<text x=\"{MARGIN}\" y=\"42\" fill=\"#555\">{unit}, over the size of the file</text>\n"
    );
    let mut log = y_low;
    while log <= y_high {
        let (at, label) = (y(log), 10_f64.powf(log));
        _ = writeln!(
            out,
            "<line x1=\"{MARGIN}\" x2=\"{}\" y1=\"{at:.1}\" y2=\"{at:.1}\" stroke=\"#ddd\"/><text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{label}</text>",
            x(x_high),
            MARGIN - 8.0,
            at + 4.0
        );
        log += 1.0;
    }
    let mut sizes: Vec<f64> = points().map(|point| point.0).collect();
    sizes.sort_by(f64::total_cmp);
    sizes.dedup();
    for size in sizes {
        let at = x(size.log10());
        _ = writeln!(
            out,
            "<text x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
            HEIGHT - 28.0,
            size_label(size)
        );
    }
    for (index, (name, points)) in lines.iter().enumerate() {
        let colour = COLOURS.get(index % COLOURS.len()).copied().unwrap_or("#000");
        let at = |point: &(f64, f64)| (x(point.0.log10()), y(point.1.max(1e-3).log10()));
        let path: Vec<String> =
            points.iter().map(at).map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        _ = writeln!(
            out,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>",
            path.join(" ")
        );
        for (x, y) in points.iter().map(at) {
            _ = writeln!(out, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{colour}\"/>");
        }
        #[allow(clippy::cast_precision_loss, reason = "a handful of lines")]
        let below = 60.0 + 20.0 * index as f64;
        _ = writeln!(
            out,
            "<text x=\"{}\" y=\"{below}\" fill=\"{colour}\">{name}</text>",
            WIDTH - NAMES + 15.0
        );
    }
    out.push_str("</svg>\n");
    out
}

fn bounds(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold((f64::INFINITY, 0.0), |(low, high), value| (low.min(value), high.max(value)))
}

/// A size as people write it.
pub(crate) fn size_label(bytes: f64) -> String {
    let units = [(1_073_741_824.0, "GiB"), (1_048_576.0, "MiB"), (1_024.0, "KiB")];
    let unit = units.into_iter().find(|(size, _)| bytes >= *size);
    unit.map_or_else(
        || format!("{bytes:.0} B"),
        |(size, name)| format!("{:.0} {name}", bytes / size),
    )
}
