//! The generation of a journal, in a file of its own: a journal that knows fewer is an older one, and has lost facts.
//!
//! A journal counts each time that a file may have reached Knosc. Once the count is on disk in the journal it is written here, and only
//! then the file's last bytes leave: this file is never ahead of what was sent, and never ahead of a journal that kept everything. It
//! also names the tenants' triggers, so that those of lost facts are known. What a difference means is for `doubt`.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use twox_hash::XxHash3_128;

/// A tenant, as it was typed, and the name of a trigger.
pub(super) type Pair = (String, String);

/// What the file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Generation {
    /// The id of the journal that it belongs to.
    pub(super) journal: String,
    /// How often a file may have reached Knosc.
    pub(super) number: u64,
    /// Where those files went.
    pub(super) pairs: BTreeSet<Pair>,
}

/// Two lines take turns, so that one that was torn leaves the other; the pairs follow, a line of JSON each.
const SLOT_BYTES: usize = 512;
const SLOTS: usize = 2;
const PAIRS_AT: usize = SLOT_BYTES * SLOTS;

const MAGIC: &str = "knosc-generation";

/// The file of a state folder.
pub(super) fn path(folder: &Path) -> PathBuf {
    folder.join("journal.generation")
}

/// What the file of a folder says; none where there is no file.
///
/// # Errors
/// The file system's; `InvalidData` if no line of it is whole.
pub(super) fn read(folder: &Path) -> io::Result<Option<Generation>> {
    match fs::read(path(folder)) {
        Ok(bytes) => parse(&bytes).map(|(generation, _)| Some(generation)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Puts a file in its place as a whole; one that is there is replaced.
pub(super) fn replace(folder: &Path, generation: &Generation) -> io::Result<()> {
    let drawn = RandomState::new().hash_one(std::process::id());
    let made = folder.join(format!("journal.generation.{drawn:x}.new"));
    let written = write_new(&made, generation).and_then(|()| fs::rename(&made, path(folder)));
    let _ = fs::remove_file(&made);
    written?;
    // Windows has no handle on a folder that could be synced, and needs none.
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    Ok(())
}

/// Makes the count durable, and that these pairs were used. A count that another process wrote meanwhile is never set back.
///
/// # Errors
/// The file system's; `InvalidData` if the file belongs to another journal by now.
pub(super) fn advance(folder: &Path, journal: &str, number: u64, pairs: &[Pair]) -> io::Result<()> {
    // By its name each time: a file that was replaced counts, and not the one that was.
    let mut file = OpenOptions::new().read(true).write(true).open(path(folder))?;
    file.lock()?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let (known, slot) = parse(&bytes)?;
    if known.journal != journal {
        return Err(invalid("journal.generation belongs to another journal now"));
    }
    let new: BTreeSet<&Pair> = pairs.iter().filter(|pair| !known.pairs.contains(*pair)).collect();
    if !new.is_empty() {
        let is_torn = bytes.len() > PAIRS_AT && bytes.last() != Some(&b'\n');
        let lines: String = new.into_iter().map(line).collect();
        file.seek(SeekFrom::End(0))?;
        file.write_all(if is_torn { b"\n" } else { b"" })?;
        file.write_all(lines.as_bytes())?;
    }
    if number > known.number {
        let other = (slot + 1) % SLOTS;
        file.seek(SeekFrom::Start((other * SLOT_BYTES) as u64))?;
        file.write_all(&slot_bytes(journal, number))?;
    }
    file.sync_data()
}

fn write_new(path: &Path, generation: &Generation) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    let slot = slot_bytes(&generation.journal, generation.number);
    file.write_all(&slot.repeat(SLOTS))?;
    let lines: String = generation.pairs.iter().map(line).collect();
    file.write_all(lines.as_bytes())?;
    file.sync_all()
}

fn line((tenant, trigger): &Pair) -> String {
    format!("{}\n", serde_json::json!([tenant, trigger]))
}

/// The line of a slot: the count, and a checksum of what is before it.
fn slot_bytes(journal: &str, number: u64) -> Vec<u8> {
    let text = format!("{MAGIC} 1 {journal} {number:020}");
    let mut line = format!("{text} {}", checksum(&text));
    while line.len() < SLOT_BYTES - 1 {
        line.push(' ');
    }
    line.push('\n');
    line.into_bytes()
}

fn checksum(text: &str) -> String {
    let mut hasher = XxHash3_128::new();
    hasher.write(text.as_bytes());
    format!("{:032x}", hasher.finish_128())
}

fn slot(bytes: &[u8]) -> Option<(String, u64)> {
    let text = std::str::from_utf8(bytes).ok()?.trim_end();
    let (checked, sum) = text.rsplit_once(' ')?;
    if sum != checksum(checked) {
        return None;
    }
    let mut words = checked.split(' ');
    if (words.next(), words.next()) != (Some(MAGIC), Some("1")) {
        return None;
    }
    let journal = words.next()?.to_owned();
    Some((journal, words.next()?.parse().ok()?))
}

/// The higher of the two counts and its slot, and every pair whose line is whole.
fn parse(bytes: &[u8]) -> io::Result<(Generation, usize)> {
    let slots = bytes.chunks(SLOT_BYTES).take(SLOTS).enumerate();
    let found = slots.filter_map(|(at, bytes)| Some((at, slot(bytes)?)));
    let Some((at, (journal, number))) = found.max_by_key(|(_, (_, number))| *number) else {
        return Err(invalid("journal.generation is damaged"));
    };
    let lines = bytes.get(PAIRS_AT..).unwrap_or_default().split(|byte| *byte == b'\n');
    let pairs = lines.filter_map(|line| serde_json::from_slice(line).ok()).collect();
    Ok((Generation { journal, number, pairs }, at))
}

fn invalid(message: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(trigger: &str) -> Pair {
        ("https://acme.knosc.com".to_owned(), trigger.to_owned())
    }

    fn made(number: u64) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let generation = Generation { journal: "a1".into(), number, pairs: BTreeSet::new() };
        replace(folder.path(), &generation).unwrap();
        folder
    }

    fn number(folder: &Path) -> u64 {
        read(folder).unwrap().unwrap().number
    }

    #[test]
    fn a_count_only_grows_and_pairs_are_kept() {
        let folder = made(0);
        for (number, trigger) in [(1, "demand"), (3, "demand"), (5, "forecast"), (4, "inventory")] {
            advance(folder.path(), "a1", number, &[pair(trigger)]).unwrap();
        }
        let found = read(folder.path()).unwrap().unwrap();
        assert_eq!((found.number, found.journal.as_str()), (5, "a1"));
        assert_eq!(found.pairs, ["demand", "forecast", "inventory"].map(pair).into());
        assert_eq!(read(Path::new("/nowhere")).unwrap(), None);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left over");
    }

    #[test]
    fn a_line_that_was_torn_leaves_the_count_before_it() {
        for torn_at in [0, 17, 40, 63, 80] {
            let folder = made(6);
            advance(folder.path(), "a1", 7, &[]).unwrap();
            advance(folder.path(), "a1", 8, &[]).unwrap();
            let mut bytes = fs::read(path(folder.path())).unwrap();
            let (_, slot) = parse(&bytes).unwrap();
            bytes[slot * SLOT_BYTES + torn_at..(slot + 1) * SLOT_BYTES].fill(0);
            fs::write(path(folder.path()), &bytes).unwrap();
            assert_eq!(number(folder.path()), 7, "{torn_at}");
            advance(folder.path(), "a1", 9, &[]).unwrap();
            assert_eq!(number(folder.path()), 9, "{torn_at}");
        }
    }

    #[test]
    fn a_pair_that_was_torn_is_written_again() {
        let folder = made(1);
        advance(folder.path(), "a1", 2, &[pair("demand")]).unwrap();
        let bytes = fs::read(path(folder.path())).unwrap();
        fs::write(path(folder.path()), &bytes[..bytes.len() - 3]).unwrap();
        assert!(read(folder.path()).unwrap().unwrap().pairs.is_empty());
        advance(folder.path(), "a1", 3, &[pair("demand")]).unwrap();
        assert_eq!(read(folder.path()).unwrap().unwrap().pairs, [pair("demand")].into());
    }

    #[test]
    fn a_file_that_is_damaged_or_anothers_is_refused() {
        let folder = made(2);
        let other = advance(folder.path(), "b2", 3, &[]).unwrap_err();
        assert!(other.to_string().contains("another journal"), "{other}");
        assert_eq!(number(folder.path()), 2);
        for content in ["", "knosc-generation 1 a1 00000000000000000009 0"] {
            fs::write(path(folder.path()), content).unwrap();
            assert_eq!(read(folder.path()).unwrap_err().kind(), io::ErrorKind::InvalidData);
        }
    }
}
