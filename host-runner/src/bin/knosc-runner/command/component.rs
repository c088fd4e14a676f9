//! `component inspect`: what a component is, before anybody trusts, deploys or runs it.
//!
//! Compiles and sends nothing. What the file says of itself is told as its own words.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use knosc_runner::platform::inspect::{Inspected, Metadata, inspect};

use crate::args::Inspect;
use crate::document::{self, Body};
use crate::exit::Exit;
use crate::problem::{FileProblem, Problem};
use crate::render::{Reporter, text::clean};

/// Ours have 300 KiB, those with a language's interpreter inside some 20 MiB. More is a mistake, and would be read into memory.
const COMPONENT_BYTES_MAX: u64 = 256 * 1024 * 1024;

pub fn inspected(args: &Inspect, reporter: &mut Reporter) -> Result<Exit, Problem> {
    let path = &args.file;
    let unfit = |problem| Problem::File { path: path.clone(), problem };
    let bytes = read(path).map_err(unfit)?;
    let found = inspect(&bytes).map_err(|error| unfit(FileProblem::Component(Box::new(error))))?;
    let sentence = text(path, &found);
    let Inspected { world, imports, exports, size, sha256, metadata, .. } = found;
    let Metadata { name, version, licenses, source, description, .. } = metadata;
    let file = path.display().to_string();
    let said = document::Component {
        file,
        world,
        size,
        sha256,
        name,
        version,
        licenses,
        source,
        description,
        imports,
        exports,
    };
    reporter.say(&sentence, Body::ComponentInspect(said));
    Ok(Exit::Done)
}

/// A line a fact, and a line a name.
fn text(path: &Path, found: &Inspected) -> String {
    let Inspected { world, imports, exports, size, sha256, metadata, .. } = found;
    let said = |field: &Option<String>| field.as_deref().map_or_else(|| "–".to_owned(), clean);
    let mut lines = format!(
        "file         {}\nworld        {}\nsize         {size} bytes\nsha256       {sha256}",
        path.display(),
        world.as_deref().map_or_else(|| "none of knosc:bulk-import".to_owned(), clean),
    );
    let fields = [
        ("name", &metadata.name),
        ("version", &metadata.version),
        ("licence", &metadata.licenses),
        ("source", &metadata.source),
        ("description", &metadata.description),
    ];
    // Writing to a String does not fail.
    for (field, value) in fields {
        _ = write!(lines, "\n{field:13}{}", said(value));
    }
    for (kind, names) in [("import", imports), ("export", exports)] {
        for name in names {
            _ = write!(lines, "\n{kind:13}{}", clean(name));
        }
    }
    lines
}

/// Looked at before it is opened: opening a pipe would wait for its writer.
fn read(path: &Path) -> Result<Vec<u8>, FileProblem> {
    let unreadable = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => FileProblem::Missing,
        _ => FileProblem::Unreadable(error.to_string()),
    };
    let data = std::fs::metadata(path).map_err(unreadable)?;
    if data.is_dir() {
        return Err(FileProblem::Folder);
    }
    if !data.is_file() {
        return Err(FileProblem::Special);
    }
    let (size, max_bytes) = (data.len(), COMPONENT_BYTES_MAX);
    if size > max_bytes {
        return Err(FileProblem::ComponentTooBig { size, max_bytes });
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(max_bytes).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok(bytes)
}
