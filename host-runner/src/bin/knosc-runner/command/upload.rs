//! `upload`: one file to one trigger, and its job to the end.
//!
//! A run of one step, so that it is sent, watched and reported in just the same way.

use std::time::Duration;

use knosc_bulk_import::admission::Unchanged;
use knosc_runner::journal::sqlite::Kind;
use knosc_runner::manifest::SourceFile;

use super::run::{self, How};
use super::source::{self, Checks, Look};
use crate::admission::SizeLimit;
use crate::args::{Global, Upload};
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render::Reporter;
use crate::target::{self, Wanted};

pub async fn execute(
    global: &Global,
    args: &Upload,
    reporter: &mut Reporter,
) -> Result<Exit, Problem> {
    let origin = target::origin(global, &Wanted::default())?;
    let file = SourceFile::new(args.trigger, args.file.clone(), args.files.allow_empty);
    let settle = args.files.settle.unwrap_or(Duration::ZERO);
    let options = args.reading.options();
    let look = if args.no_check { Look::Nowhere } else { Look::Contents(&options) };
    let checks = Checks { global, files: &args.files, settle, look };
    let policy = source::default_policy(&origin);
    let source = source::checked(origin, vec![file], policy, checks, reporter)?;
    let unchanged = args.unchanged.unchanged.map_or(Unchanged::Refuse, Into::into);
    let digest = !args.unchanged.no_digest;
    let limit = SizeLimit::new(args.files.ignore_size_limit);
    let how = How { kind: Kind::Upload, unchanged, digest, limit, wait: &args.wait };
    run::send(global, source, &how, reporter).await
}
