//! `check`: what will go wrong with files, before anything is sent.
//!
//! Needs no tenant and no session, unless files are compared with what Knosc has; sends nothing.

use knosc_runner::manifest::{SourceFile, folder};

use super::source;
use crate::args::{Check, Global};
use crate::exit::Exit;
use crate::judge::{self, Against};
use crate::problem::Problem;
use crate::render::Reporter;
use crate::target::{self, Wanted};

pub async fn execute(
    global: &Global,
    args: &Check,
    reporter: &mut Reporter,
) -> Result<Exit, Problem> {
    let files = files(args)?;
    let against = against(global, args, &files, reporter).await?;
    let checked = judge::files(&files, &args.judging, &against)?;
    let exit = judge::exit(&checked);
    reporter.checked(&checked, exit);
    Ok(exit)
}

/// Where a tenant is named, its kept templates count, and what it has if that is asked for.
async fn against(
    global: &Global,
    args: &Check,
    files: &[SourceFile],
    reporter: &mut Reporter,
) -> Result<Against, Problem> {
    let is_named = global.base_url.is_some() || global.profile.is_some();
    if !is_named && !args.judging.against_knosc {
        return Ok(Against::new(files, &args.judging, None, Vec::new()));
    }
    let origin = target::origin(global, &Wanted::default())?;
    source::against(global, &origin, files, &args.judging, reporter).await
}

fn files(args: &Check) -> Result<Vec<SourceFile>, Problem> {
    match args.sources.as_slice() {
        [folder] if folder.is_dir() => Ok(folder::read(folder, &args.map, args.allow_empty)?),
        [manifest] if manifest.extension().is_some_and(|extension| extension == "toml") => {
            let (mut files, _) = source::from_manifest(manifest)?;
            for file in &mut files {
                file.allow_empty |= args.allow_empty;
            }
            Ok(files)
        }
        files => Ok(folder::of_paths(files, &args.map, args.allow_empty)?),
    }
}
