//! `check`: what will go wrong with files, before anything is sent.
//!
//! Needs no tenant and no session, unless files are compared with what Knosc has; sends nothing.

use std::path::Path;

use knosc_runner::manifest::{Authored, SourceFile, folder, resolve};

use crate::args::{Check, Global};
use crate::elsewhere;
use crate::exit::Exit;
use crate::judge;
use crate::problem::Problem;
use crate::render::Reporter;
use crate::target::{self, Wanted};

pub async fn execute(
    global: &Global,
    args: &Check,
    reporter: &mut Reporter,
) -> Result<Exit, Problem> {
    let files = files(args)?;
    let elsewhere = if args.judging.against_knosc {
        let origin = target::origin(global, &Wanted::default())?;
        elsewhere::read(global, &origin, &files, reporter).await?
    } else {
        Vec::new()
    };
    let checked = judge::files(&files, &args.judging, &elsewhere)?;
    let exit = judge::exit(&checked);
    reporter.checked(&checked, exit);
    Ok(exit)
}

fn files(args: &Check) -> Result<Vec<SourceFile>, Problem> {
    match args.sources.as_slice() {
        [folder] if folder.is_dir() => Ok(folder::read(folder, &args.map, args.allow_empty)?),
        [manifest] if manifest.extension().is_some_and(|extension| extension == "toml") => {
            from_manifest(manifest, args.allow_empty)
        }
        files => Ok(folder::of_paths(files, &args.map, args.allow_empty)?),
    }
}

fn from_manifest(path: &Path, allow_empty: bool) -> Result<Vec<SourceFile>, Problem> {
    let text = std::fs::read_to_string(path).map_err(|error| Problem::Io {
        what: path.display().to_string(),
        message: error.to_string(),
    })?;
    let mut files = resolve::files(&Authored::parse(path, &text)?, path)?;
    for file in &mut files {
        file.allow_empty |= allow_empty;
    }
    Ok(files)
}
