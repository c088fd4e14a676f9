//! Which character parts the values of a row, from the first rows.
//!
//! A guess with its evidence; `--delimiter` goes before it.

/// What parts values, in the order of preference where several would do.
const CANDIDATES: [u8; 4] = [b',', b';', b'\t', b'|'];
/// How many rows are looked at; the separator of a file is that of its begin.
const ROWS_MAX: usize = 100;

/// A separator and why it is that one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Delimiter {
    pub(crate) byte: u8,
    pub(crate) evidence: String,
}

/// Looks at the begin of a text, which may end within a row.
pub(crate) fn find(head: &str, told: Option<u8>) -> Delimiter {
    if let Some(byte) = told {
        return Delimiter { byte, evidence: "--delimiter says so".to_owned() };
    }
    let rows = rows(head);
    let counts = CANDIDATES.map(|byte| count(&rows, byte));
    let best = CANDIDATES.iter().zip(&counts).max_by_key(|(byte, count)| {
        // The most rows alike, then the most columns; a comma before others.
        (count.alike_rows, count.in_first, **byte == b',')
    });
    match best {
        Some((byte, count)) if count.in_first > 0 => {
            let evidence = format!(
                "{} time{} in the first row, and as often in {} of the first {}",
                count.in_first,
                if count.in_first == 1 { "" } else { "s" },
                count.alike_rows,
                rows.len()
            );
            Delimiter { byte: *byte, evidence }
        }
        _ => Delimiter { byte: b',', evidence: "the first row is one value".to_owned() },
    }
}

/// A separator as it is named.
pub(crate) fn name(byte: u8) -> String {
    match byte {
        b'\t' => "tab".to_owned(),
        byte => format!("'{}'", char::from(byte)),
    }
}

struct Count {
    in_first: usize,
    /// Rows that have as many as the first one; 0 where the first has none.
    alike_rows: usize,
}

fn count(rows: &[&str], byte: u8) -> Count {
    let in_first = rows.first().map_or(0, |row| outside_of_quotes(row, byte));
    let alike = rows.iter().filter(|row| outside_of_quotes(row, byte) == in_first).count();
    Count { in_first, alike_rows: if in_first == 0 { 0 } else { alike } }
}

fn outside_of_quotes(row: &str, byte: u8) -> usize {
    let mut is_quoted = false;
    let mut count = 0;
    for found in row.bytes() {
        is_quoted ^= found == b'"';
        count += usize::from(!is_quoted && found == byte);
    }
    count
}

/// The first rows that are not blank; a line break in quotes ends none.
fn rows(head: &str) -> Vec<&str> {
    let mut rows = Vec::new();
    let (mut begin, mut is_quoted) = (0, false);
    for (at, byte) in head.bytes().enumerate() {
        is_quoted ^= byte == b'"';
        if !is_quoted && matches!(byte, b'\n' | b'\r') {
            rows.push(head.get(begin..at).unwrap_or_default());
            begin = at + 1;
        }
    }
    rows.push(head.get(begin..).unwrap_or_default());
    rows.retain(|row| !row.trim().is_empty() && !row.starts_with("sep="));
    rows.truncate(ROWS_MAX);
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(head: &str, expected: u8) {
        assert_eq!(char::from(find(head, None).byte), char::from(expected), "{head}");
    }

    #[test]
    fn separators() {
        check("a,b\n1,2\n", b',');
        check("a;b\n1,5;2\n3,5;4\n", b';');
        check("a\tb\n1\t2\n", b'\t');
        check("a|b\n1|2\n", b'|');
        check("a\nb\n", b',');
        check("", b',');
        check("\"a;x\",b\n\"1;1\",2\n", b',');
        check("sep=;\na;b\n1;2\n", b';');
        check("a,b;c\n1,2;3\n", b',');
    }
}
