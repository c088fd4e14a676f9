//! Follows a page as its reader would: each `sh` block of README.md, in order, against one Knosc on this machine.
//!
//! What each block should do stands in a JSON file beside the tests, so that the page holds nothing for a test. Runs what the page
//! says and nothing else.

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde::Deserialize;
use serde_json::Value;

use crate::{Row, Verdict, secrets};

/// What a page's blocks should do.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Page {
    /// Folders, seen from the page's own, that an earlier time may have left.
    #[serde(default)]
    fresh: Vec<String>,
    /// Folders, seen from the page's own, that may hold no secret afterwards.
    clean: Vec<String>,
    /// Files with the ids of processes that are not to outlive the page, should one of its commands fail.
    #[serde(default)]
    stop: Vec<String>,
    /// One a block.
    blocks: Vec<Block>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Block {
    /// The column of the table of engines; `install` is none.
    feature: String,
    /// Knobs turned before.
    #[serde(default)]
    knosc: Option<Value>,
    /// Further environment variables.
    #[serde(default)]
    environment: std::collections::BTreeMap<String, String>,
    /// Texts that its output has to hold.
    #[serde(default)]
    says: Vec<String>,
    /// Longest time for it, where a page has to compile an engine.
    #[serde(default = "minutes")]
    minutes: u64,
    /// Whether it ends with a status other than 0.
    #[serde(default)]
    fails: bool,
    /// `trigger name` of what Knosc accepted during the block.
    #[serde(default)]
    stored: Vec<String>,
    /// Requests to upload during the block, where that matters.
    #[serde(default)]
    posts: Option<u64>,
    /// Requests to sign in during the block, where that matters.
    #[serde(default)]
    sign_ins: Option<u64>,
}

/// Longest time for a block: a download of an engine on a slow line.
const fn minutes() -> u64 {
    9
}

/// Follows `folder/README.md`; the row of a block is named by its first line.
///
/// # Errors
/// If page or folder cannot be read, or the page has another number of blocks.
pub fn follow(page: &Path, folder: &Path) -> Result<Vec<Row>, String> {
    let failed =
        |path: &Path, error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let text = fs::read(page).map_err(|error| failed(page, &error))?;
    let page: Page = serde_json::from_slice(&text).map_err(|error| failed(page, &error))?;
    let readme = folder.join("README.md");
    let text = fs::read_to_string(&readme).map_err(|error| failed(&readme, &error))?;
    let blocks = blocks(&text);
    if blocks.len() != page.blocks.len() {
        let (there, wanted) = (blocks.len(), page.blocks.len());
        return Err(failed(&readme, &format!("{there} sh blocks, {wanted} expected")));
    }
    stop(&page.stop, folder);
    for left in page.fresh.iter().map(|left| folder.join(left)).filter(|left| left.exists()) {
        fs::remove_dir_all(&left).map_err(|error| failed(&left, &error))?;
    }
    let knosc = local_knosc::spawn(local_knosc::Config::default()).map_err(|e| e.to_string())?;
    let (mut rows, mut sessions) = (Vec::new(), BTreeSet::new());
    for (script, expected) in blocks.iter().zip(&page.blocks) {
        let verdict = block(script, expected, folder, &knosc)?;
        // After each: a later one may sign out.
        let model = knosc.model();
        sessions.extend(model.session_values(model.default_tenant()));
        drop(model);
        let stop = matches!(verdict, Verdict::Bad(_));
        let name = script.lines().next().unwrap_or_default().to_owned();
        rows.push(Row { feature: expected.feature.clone(), name, verdict });
        if stop {
            break;
        }
    }
    stop(&page.stop, folder);
    rows.extend(page.clean.iter().map(|kept| searched(folder, kept, &sessions)));
    Ok(rows)
}

/// Whether a folder that the page names holds no secret: the password, a cookie's name as the header has it before the value, the
/// value of a session that Knosc gave.
fn searched(folder: &Path, kept: &str, sessions: &BTreeSet<String>) -> Row {
    let mut secrets = vec![
        ("the password", local_knosc::DEFAULT_PASSWORD.as_bytes()),
        ("a cookie", b"access_token_cookie=".as_slice()),
        ("a CSRF token", b"csrf_access_token=".as_slice()),
    ];
    secrets.extend(sessions.iter().map(|value| ("a session's value", value.as_bytes())));
    let verdict = match secrets::found_below(&folder.join(kept), &secrets) {
        Ok(found) if !found.is_empty() => Verdict::Bad(found.join(", ")),
        // Where nobody signed in, that nothing was found is no proof.
        Ok(_) if sessions.is_empty() => Verdict::Bad("no session to look for".to_owned()),
        Ok(_) => Verdict::Good,
        Err(what) => Verdict::Bad(what),
    };
    Row { feature: "secrets".into(), name: format!("no secret in {kept}"), verdict }
}

/// Ends the processes whose ids stand in these files; the page's own commands remove them where they did.
fn stop(files: &[String], folder: &Path) {
    for path in files.iter().map(|file| folder.join(file)) {
        let Ok(id) = fs::read_to_string(&path) else { continue };
        // One that is gone is what we want, and so is a file that is.
        _ = Command::new("kill").arg(id.trim()).stderr(Stdio::null()).status();
        _ = fs::remove_file(&path);
    }
}

/// The `sh` blocks of a page.
fn blocks(text: &str) -> Vec<&str> {
    let after = text.split("```sh\n").skip(1);
    after.filter_map(|rest| rest.split("```").next()).collect()
}

fn block(
    script: &str,
    expected: &Block,
    folder: &Path,
    knosc: &local_knosc::Running,
) -> Result<Verdict, String> {
    if let Some(knobs) = &expected.knosc {
        let now_ms = knosc.now_ms();
        let mut model = knosc.model();
        let tenant = model.default_tenant().to_owned();
        model.turn(&tenant, knobs.to_string().as_bytes(), now_ms)?;
    }
    let counts = || {
        let model = knosc.model();
        (model.uploads().len(), model.upload_posts(), model.sign_in_attempts())
    };
    let (uploads, posts, sign_ins) = counts();
    let (ended_well, output) = run(script, expected, folder, &knosc.url())?;
    let bad = |what: String| Ok(Verdict::Bad(format!("{what}; it wrote: {output}")));
    if ended_well == expected.fails {
        return bad(format!("ended {}", if ended_well { "well" } else { "badly" }));
    }
    if let Some(missing) = expected.says.iter().find(|text| !output.contains(*text)) {
        return bad(format!("did not write '{missing}'"));
    }
    let stored: Vec<String> = {
        let model = knosc.model();
        let new = model.uploads().iter().skip(uploads);
        new.map(|upload| format!("{} {}", upload.trigger, upload.file_name)).collect()
    };
    if stored != expected.stored {
        return bad(format!("Knosc took {stored:?}, not {:?}", expected.stored));
    }
    let (_, posts_now, sign_ins_now) = counts();
    for (what, wanted, found) in [
        ("requests to upload", expected.posts, posts_now - posts),
        ("requests to sign in", expected.sign_ins, sign_ins_now - sign_ins),
    ] {
        if wanted.is_some_and(|wanted| wanted != found) {
            return bad(format!("{found} {what}, not {}", wanted.unwrap_or_default()));
        }
    }
    Ok(Verdict::Good)
}

/// Runs a script; true and its output, or false where its status is not 0.
fn run(script: &str, expected: &Block, folder: &Path, url: &str) -> Result<(bool, String), String> {
    let log = folder.join("block.log");
    let failed = |error: std::io::Error| format!("{}: {error}", log.display());
    let out = fs::File::create(&log).map_err(failed)?;
    let mut child = Command::new("sh")
        .args(["-euc", script])
        .current_dir(folder)
        .env("KNOSC_URL", url)
        .env("KNOSC_USERNAME", local_knosc::DEFAULT_USER)
        .env("KNOSC_PASSWORD", local_knosc::DEFAULT_PASSWORD)
        .envs(&expected.environment)
        .stdin(Stdio::null())
        .stdout(out.try_clone().map_err(failed)?)
        .stderr(out)
        .spawn()
        .map_err(failed)?;
    let began = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().map_err(failed)? {
            break Some(status);
        }
        if began.elapsed() > Duration::from_mins(expected.minutes) {
            // The verdict says that it took too long; one that ended meanwhile needs no killing.
            _ = child.kill();
            _ = child.wait();
            break None;
        }
        thread::sleep(Duration::from_millis(50));
    };
    let output = String::from_utf8_lossy(&fs::read(&log).map_err(failed)?).into_owned();
    fs::remove_file(&log).map_err(failed)?;
    Ok((status.is_some_and(|status| status.success()), output))
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs};

    use super::searched;
    use crate::Verdict;

    #[test]
    fn a_session_that_was_stored_is_found_and_none_to_look_for_is_no_proof() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("store")).expect("a folder in it");
        let sessions = BTreeSet::from(["4f5e1c".to_owned()]);
        let verdict = |sessions: &BTreeSet<_>| searched(folder.path(), "store", sessions).verdict;
        assert!(matches!(verdict(&sessions), Verdict::Good));
        assert!(matches!(verdict(&BTreeSet::new()), Verdict::Bad(_)));
        fs::write(folder.path().join("store/log"), "x-xsrf-token: 4f5e1c").expect("a file");
        assert!(matches!(verdict(&sessions), Verdict::Bad(_)));
    }
}
