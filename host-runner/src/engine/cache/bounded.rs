//! How much compiled code stays on disk: what was used last, up to so many bytes.
//!
//! Removes files of this cache alone. One that cannot be removed stays, and is no error.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// A file that is half written for so long has nobody who writes it.
const PART_AGE_MAX: Duration = Duration::from_hours(1);

/// Notes that a file is used now, so that it goes later than others.
pub(super) fn touch(file: &Path) {
    let touched = File::options()
        .append(true)
        .open(file)
        .and_then(|file| file.set_modified(SystemTime::now()));
    if let Err(error) = touched {
        tracing::debug!(%error, "a cached component stays as old as it is");
    }
}

/// What is known of one file.
type Kept = (SystemTime, u64, PathBuf);

/// Notes about components that stay in one folder.
const NOTES_MAX: usize = 1_000;

/// Removes code that was not used for longest until so many bytes are left, and never `newest`, which is about to be read.
///
/// On Unix a file that another process runs stays with it until that ends.
pub(super) fn bound(folder: &Path, bytes_max: u64, newest: &Path) {
    let mut kept = files(folder, &["cwasm"]);
    let mut total: u64 = kept.iter().map(|(_, bytes, _)| bytes).sum();
    kept.sort();
    for (_, bytes, path) in kept {
        if total <= bytes_max {
            return;
        }
        if path != newest {
            remove(&path);
            total -= bytes;
        }
    }
}

/// The same for the folders of all tenants together: first goes what the tenant with the most code has not used for longest.
pub(super) fn bound_all(folder: &Path, bytes_max: u64, newest: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let mut tenants: Vec<(u64, Vec<Kept>)> = Vec::new();
    for entry in entries.flatten() {
        let mut kept = files(&entry.path(), &["cwasm"]);
        let bytes = kept.iter().map(|(_, bytes, _)| bytes).sum();
        kept.retain(|(_, _, path)| path != newest);
        // The oldest last.
        kept.sort_by(|one, other| other.cmp(one));
        tenants.push((bytes, kept));
    }
    let mut total: u64 = tenants.iter().map(|(bytes, _)| bytes).sum();
    while total > bytes_max {
        let most = tenants.iter_mut().filter(|(_, kept)| !kept.is_empty());
        let Some((bytes, kept)) = most.max_by_key(|(bytes, _)| *bytes) else { return };
        let Some((_, length, path)) = kept.pop() else { return };
        remove(&path);
        *bytes = bytes.saturating_sub(length);
        total = total.saturating_sub(length);
    }
}

/// Removes the oldest notes about components.
pub(super) fn bound_notes(folder: &Path) {
    let mut notes = files(folder, &["outline", "failed"]);
    if notes.len() > NOTES_MAX {
        notes.sort();
        let more = notes.len() - NOTES_MAX;
        notes.iter().take(more).for_each(|(_, _, path)| remove(path));
    }
}

/// The files of a folder with one of these extensions. What was half written long ago is removed on the way.
fn files(folder: &Path, extensions: &[&str]) -> Vec<Kept> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut kept: Vec<Kept> = Vec::new();
    for entry in entries.flatten() {
        let (path, data) = (entry.path(), entry.metadata());
        let Some((modified, bytes)) =
            data.ok().and_then(|data| Some((data.modified().ok()?, data.len())))
        else {
            continue;
        };
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("part") if modified.elapsed().is_ok_and(|age| age > PART_AGE_MAX) => remove(&path),
            Some(extension) if extensions.contains(&extension) => {
                kept.push((modified, bytes, path));
            }
            _ => {}
        }
    }
    kept
}

fn remove(path: &Path) {
    match fs::remove_file(path) {
        Ok(()) => tracing::debug!(path = %path.display(), "compiled code is kept no longer"),
        Err(error) => tracing::debug!(%error, "compiled code was not removed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_goes_first_and_the_newest_never() {
        let folder = tempfile::tempdir().unwrap();
        let now = SystemTime::now();
        let file = |name: &str, bytes: usize, age_s: u64| {
            let path = folder.path().join(name);
            fs::write(&path, vec![0; bytes]).unwrap();
            let file = File::options().append(true).open(&path).unwrap();
            file.set_modified(now - Duration::from_secs(age_s)).unwrap();
            path
        };
        let newest = file("newest.cwasm", 50, 9_000);
        let [old, used, young] = [("old", 60), ("used", 90), ("young", 30)]
            .map(|(name, age)| file(&format!("{name}.cwasm"), 10, age));
        let [stale, fresh] = [("stale", 4_000), ("fresh", 10)]
            .map(|(name, age)| file(&format!("{name}.part"), 10, age));
        let other = file("somebody-elses", 1_000, 10_000);
        touch(&used);
        bound(folder.path(), 70, &newest);
        let there =
            [&newest, &old, &used, &young, &stale, &fresh, &other].map(|path| path.exists());
        assert_eq!(there, [true, false, true, true, false, true, true]);
        bound(folder.path(), 0, &newest);
        assert!(newest.exists() && other.exists() && !used.exists() && !young.exists());
    }

    #[test]
    fn the_tenant_with_the_most_code_gives_first() {
        let folder = tempfile::tempdir().unwrap();
        let file = |tenant: &str, name: &str, bytes: usize| {
            let path = folder.path().join(tenant).join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, vec![0; bytes]).unwrap();
            path
        };
        let [large, more] =
            ["large", "more"].map(|name| file("acme", &format!("{name}.cwasm"), 60));
        let [small, newest] = [file("birch", "small.cwasm", 10), file("cedar", "new.cwasm", 50)];
        bound_all(folder.path(), 120, &newest);
        assert!(large.exists() != more.exists() && small.exists() && newest.exists());
        bound_all(folder.path(), 0, &newest);
        assert!(!large.exists() && !more.exists() && !small.exists() && newest.exists());
    }
}
