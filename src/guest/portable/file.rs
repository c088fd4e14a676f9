//! Content below a directory that the host opened for the component.

use wasi::filesystem::preopens;
use wasi::filesystem::types::{
    Descriptor, DescriptorFlags, DescriptorStat, DescriptorType, ErrorCode, OpenFlags, PathFlags,
};
use wasi::io::poll::Pollable;

use super::content::Judge;
use crate::blob::LOOK_BYTES;
use crate::fault::Fault;
use crate::guest::feed::{Feed, FeedError, Source, StreamFeed};
use crate::guest::grants::FOLDER;
use crate::guest::upload::Content;

/// A path of the component's own world.
pub(super) struct PathContent<'a> {
    pub(super) path: &'a str,
    pub(super) judge: Judge,
}

impl Content for PathContent<'_> {
    fn open(&self) -> Result<Source<'_>, Fault> {
        let file = self.descriptor()?;
        let before = file.stat().map_err(|code| self.unreadable(code))?;
        if before.type_ != DescriptorType::RegularFile {
            return Err(Fault::PermanentInvalid(format!("'{}' is no regular file", self.path)));
        }
        let stream = file.read_via_stream(0).map_err(|code| self.unreadable(code))?;
        let feed = StreamFeed::open(stream, (), LOOK_BYTES)?;
        self.judge.check(feed.seen(), feed.seen().len() as u64 >= before.size)?;
        Ok(Source { size: before.size, feed: Box::new(PathFeed { feed, file, before }) })
    }
}

impl PathContent<'_> {
    /// The file below the longest preopened directory that the path begins with.
    fn descriptor(&self) -> Result<Descriptor, Fault> {
        let directories = preopens::get_directories();
        let below = directories
            .iter()
            .filter_map(|(directory, name)| Some((directory, name.len(), below(name, self.path)?)))
            .max_by_key(|(_, length, _)| *length);
        let Some((directory, _, path)) = below else {
            return Err(Fault::PermanentInvalid(format!(
                "the host opened no directory that holds '{}'{FOLDER}",
                self.path
            )));
        };
        directory
            .open_at(PathFlags::SYMLINK_FOLLOW, path, OpenFlags::empty(), DescriptorFlags::READ)
            .map_err(|code| self.unreadable(code))
    }

    fn unreadable(&self, code: ErrorCode) -> Fault {
        Fault::PermanentInvalid(format!("'{}' cannot be read: {}", self.path, code.name()))
    }
}

/// What is left of a path below a directory; none if it is not below it.
fn below<'p>(directory: &str, path: &'p str) -> Option<&'p str> {
    let path = path.strip_prefix("./").unwrap_or(path);
    let directory = directory.strip_prefix("./").unwrap_or(directory).trim_end_matches('/');
    let relative = if directory == "." {
        (!path.starts_with('/')).then_some(path)?
    } else {
        path.strip_prefix(directory)?.strip_prefix('/')?
    };
    (!relative.is_empty()).then_some(relative)
}

struct PathFeed {
    // Before the file that it reads.
    feed: StreamFeed<()>,
    file: Descriptor,
    before: DescriptorStat,
}

impl Feed for PathFeed {
    fn read(&mut self, max: u64) -> Result<Vec<u8>, FeedError> {
        self.feed.read_on(max)
    }

    fn pollable(&self) -> Option<Pollable> {
        self.feed.pollable()
    }

    /// An export job that wrote on while the file was sent must not be loaded by halves.
    fn verify(&mut self) -> Result<(), Fault> {
        let now = self.file.stat().map_err(|_| changed())?;
        let (then, now) = (stamp(&self.before), stamp(&now));
        if then == now { Ok(()) } else { Err(changed()) }
    }
}

fn stamp(stat: &DescriptorStat) -> (u64, Option<(u64, u32)>) {
    let modified = stat.data_modification_timestamp;
    (stat.size, modified.map(|time| (time.seconds, time.nanoseconds)))
}

fn changed() -> Fault {
    Fault::PermanentInvalid(
        "the file changed while it was sent; the request was given up before its end, nothing was accepted"
            .to_owned(),
    )
}
