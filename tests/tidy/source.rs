//! Rust source with comments and the insides of literals blanked out, so that a word or a brace in a text counts for
//! nothing. A scanner, no parser: it knows comments, strings, raw strings, characters and lifetimes.

/// Gives the source, as long as before and with the same lines, without comments and contents of literals.
pub(crate) fn bare(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let end = literal_end(&chars, at).unwrap_or(at + 1);
        let kept = |&c: &char| if end > at + 1 && c != '\n' { ' ' } else { c };
        out.extend(chars[at..end].iter().map(kept));
        at = end;
    }
    out
}

/// Where the comment or literal that begins here ends, if one does.
fn literal_end(chars: &[char], at: usize) -> Option<usize> {
    let after = |n: usize| chars.get(at + n).copied();
    let word_before = at > 0 && (chars[at - 1].is_alphanumeric() || chars[at - 1] == '_');
    match chars[at] {
        '/' if after(1) == Some('/') => Some(find(chars, at, &['\n'])),
        '/' if after(1) == Some('*') => Some(find(chars, at + 2, &['*', '/']) + 2),
        '"' => Some(string_end(chars, at + 1)),
        'r' if !word_before || (at > 0 && matches!(chars[at - 1], 'b' | 'c')) => {
            let hashes = chars[at + 1..].iter().take_while(|&&c| c == '#').count();
            (after(1 + hashes) == Some('"')).then(|| {
                let close: Vec<char> =
                    std::iter::once('"').chain("#".repeat(hashes).chars()).collect();
                find(chars, at + 2 + hashes, &close) + close.len()
            })
        }
        '\'' if after(1) == Some('\\') => Some(find(chars, at + 3, &['\'']) + 1),
        '\'' if after(2) == Some('\'') => Some(at + 3),
        _ => None,
    }
}

fn string_end(chars: &[char], mut at: usize) -> usize {
    while at < chars.len() && chars[at] != '"' {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(chars.len())
}

fn find(chars: &[char], from: usize, wanted: &[char]) -> usize {
    let from = from.min(chars.len());
    let found = chars[from..].windows(wanted.len()).position(|window| window == wanted);
    found.map_or(chars.len() - wanted.len().min(chars.len()), |place| from + place).max(from)
}

/// A function: where it stands and how many lines it has, signature and closing brace included.
pub(crate) struct Function {
    pub(crate) line: usize,
    pub(crate) lines: usize,
}

/// The functions of bare source, nested ones too.
pub(crate) fn functions(bare: &str) -> Vec<Function> {
    let lines: Vec<&str> = bare.lines().collect();
    let begins =
        |line: &&str| line.split_whitespace().any(|word| word == "fn") && line.contains('(');
    let starts = lines.iter().enumerate().filter(|(_, line)| begins(line)).map(|(at, _)| at);
    starts
        .filter_map(|start| {
            body_lines(&lines[start..]).map(|lines| Function { line: start + 1, lines })
        })
        .collect()
}

/// Lines from the first to the one that closes the first brace; none for a signature that ends with `;`.
fn body_lines(lines: &[&str]) -> Option<usize> {
    let (mut depth, mut brackets) = (0_i64, 0_i64);
    for (at, line) in lines.iter().enumerate() {
        for c in line.chars() {
            match c {
                '(' | '[' => brackets += 1,
                ')' | ']' => brackets -= 1,
                ';' if depth == 0 && brackets == 0 => return None,
                '{' => depth += 1,
                '}' if depth <= 1 => return (depth == 1).then_some(at + 1),
                '}' => depth -= 1,
                _ => {}
            }
        }
    }
    None
}

#[test]
fn literals_and_comments_are_blanked() {
    let bare_of = |text: &str| bare(text).split_whitespace().collect::<String>();
    assert_eq!(bare_of("a \"{\\\"\" b // {\nc /* } */ d"), "abcd");
    assert_eq!(
        bare_of("x = r#\"} \" {\"#; y = '{'; z: &'a str = '\\''; b\"}\""),
        "x=;y=;z:&'astr=;b"
    );
    assert_eq!(bare("\"a\nb\"\nc").lines().count(), 3);
}

#[test]
fn functions_are_measured() {
    let lengths =
        |text: &str| functions(text).iter().map(|f| (f.line, f.lines)).collect::<Vec<_>>();
    assert_eq!(
        lengths("trait T {\n fn a();\n fn b(\n  x: [u8; 2],\n ) {\n  if x {}\n }\n}\n"),
        [(3, 5)]
    );
    assert_eq!(lengths("fn a() {}\nfn b() { {\n} }"), [(1, 1), (2, 2)]);
}
