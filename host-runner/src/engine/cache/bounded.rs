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

/// Removes what was not used for longest until so many bytes are left, and never `newest`, which is about to be read.
///
/// On Unix a file that another process runs stays with it until that ends.
pub(super) fn bound(folder: &Path, bytes_max: u64, newest: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let mut kept: Vec<(SystemTime, u64, PathBuf)> = Vec::new();
    for entry in entries.flatten() {
        let (path, data) = (entry.path(), entry.metadata());
        let Some((modified, bytes)) =
            data.ok().and_then(|data| Some((data.modified().ok()?, data.len())))
        else {
            continue;
        };
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("cwasm") => kept.push((modified, bytes, path)),
            Some("part") if modified.elapsed().is_ok_and(|age| age > PART_AGE_MAX) => remove(&path),
            _ => {}
        }
    }
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
}
