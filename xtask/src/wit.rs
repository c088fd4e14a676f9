//! Makes `docs/wit.md` of the contract in `wit/`: doc comments as text, items as code. A reader of our own style of WIT
//! (one interface or world a file or a few, items at one indentation), no parser: the compiler of the component is that.

use std::{fmt::Write, fs};

use crate::{Failure, place};

/// The files in the order that a reader wants: what one calls, then what one gives, then the words.
const FILES: [&str; 9] = [
    "world.wit",
    "importer.wit",
    "sessions.wit",
    "planner.wit",
    "jobs.wit",
    "pipeline.wit",
    "blobs.wit",
    "host.wit",
    "types.wit",
];

const HEAD: &str = "# The WIT contract\n\n\
    Made by `cargo xtask wit` of the files in `wit/`; a test fails when the two differ. Change the `.wit` files and run it again.\n";

/// Makes the text of `docs/wit.md`.
///
/// # Errors
/// If a file of `wit/` is missing, or one is there that [`FILES`] does not list.
pub fn reference() -> Result<String, Failure> {
    let folder = place::root()?.join("wit");
    let listing = fs::read_dir(&folder).map_err(|error| Failure::file(&folder, &error))?;
    for entry in listing.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_wit = entry.path().extension().is_some_and(|extension| extension == "wit");
        if is_wit && !FILES.contains(&name.as_str()) {
            return Err(Failure::new(format!("wit/{name} is not listed in xtask/src/wit.rs")));
        }
    }
    let mut text = HEAD.to_owned();
    for name in FILES {
        let path = folder.join(name);
        let source = fs::read_to_string(&path).map_err(|error| Failure::file(&path, &error))?;
        for block in blocks(&source) {
            render(&mut text, name, &block);
        }
    }
    Ok(text)
}

/// An interface, a world, or an item of one.
#[derive(Debug, Default)]
struct Block {
    docs: Vec<String>,
    lines: Vec<String>,
}

/// Cuts a source into its outermost blocks: doc lines, then lines up to the one that closes what was opened.
fn blocks(source: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut block = Block::default();
    let mut depth = 0_usize;
    for line in source.lines() {
        let bare = line.trim();
        if depth == 0 {
            if let Some(doc) = bare.strip_prefix("///") {
                block.docs.push(doc.strip_prefix(' ').unwrap_or(doc).to_owned());
                continue;
            }
            if bare.is_empty()
                || bare.starts_with("//")
                || bare.starts_with("@since")
                || bare.starts_with("package ")
            {
                continue;
            }
        }
        block.lines.push(line.to_owned());
        if !bare.starts_with("//") {
            depth = (depth + bare.matches('{').count()).saturating_sub(bare.matches('}').count());
        }
        if depth == 0 {
            blocks.push(std::mem::take(&mut block));
        }
    }
    blocks
}

fn render(text: &mut String, file: &str, block: &Block) {
    let Some((first, inner)) = block.lines.split_first() else { return };
    let title = first.trim().trim_end_matches('{').trim();
    _ = write!(text, "\n## {title}\n\n");
    for doc in &block.docs {
        _ = writeln!(text, "{doc}");
    }
    _ = writeln!(text, "\n<sub>`wit/{file}`</sub>");
    let inner = inner.split_last().map(|(_close, inner)| inner.join("\n")).unwrap_or_default();
    let items = blocks(&inner);
    // A line each without a word about it (`use`, a world's imports) belongs together; an item with docs stands alone.
    for together in items.chunk_by(|a, b| a.docs.is_empty() && b.docs.is_empty()) {
        text.push('\n');
        for doc in together.iter().flat_map(|item| &item.docs) {
            _ = writeln!(text, "{doc}");
        }
        if together.iter().any(|item| !item.docs.is_empty()) {
            text.push('\n');
        }
        text.push_str("```wit\n");
        for line in together.iter().flat_map(|item| &item.lines) {
            _ = writeln!(text, "{}", line.strip_prefix("    ").unwrap_or(line));
        }
        text.push_str("```\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn docs_become_text_and_items_code() {
        let source = "package a:b;\n\n/// What it is.\n@since(version = 1)\ninterface x {\n    use y.{z};\n\n    /// Does it.\n    @since(version = 1)\n    go: func();\n}\n";
        let mut text = String::new();
        for block in blocks(source) {
            render(&mut text, "x.wit", &block);
        }
        let expected = "\n## interface x\n\nWhat it is.\n\n<sub>`wit/x.wit`</sub>\n\n```wit\nuse y.{z};\n```\n\nDoes it.\n\n```wit\ngo: func();\n```\n";
        assert_eq!(text, expected);
    }
}
