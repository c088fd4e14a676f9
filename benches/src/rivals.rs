//! Who is measured: knosc-runner, curl as in the guide, the guide's script under `CPython`, and a client on hyper. Only makes
//! commands; `sample` runs them.

use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;
use xtask::{
    Failure,
    local::{CREDENTIALS, LocalKnosc, PASSWORD, USER},
    machine::Tool,
    place,
};

use crate::{
    sample::Sample,
    session::{self, Session},
};

/// Content is counted and thrown away, unhashed: the sink should not be what is measured.
pub(crate) const SINK: &str = r#"{"discard_content":true,"digest_content":false,"discarded_rows":1,"queued_ms":0,"rows_per_second":20000}"#;

/// The state folder's journal: the same file again would be refused.
const JOURNAL: [&str; 4] = ["journal.db", "journal.db-wal", "journal.db-shm", "journal.generation"];

/// What each bench needs: the stand-in, a sign-in for the rivals, a folder, and which rivals are there.
pub(crate) struct Arena {
    pub(crate) server: LocalKnosc,
    /// Where requests go: to the stand-in, or to a sink.
    base_url: String,
    folder: PathBuf,
    has_curl: bool,
    cookies: PathBuf,
    session: Session,
    /// The interpreter itself: a version manager's shim would be measured too.
    python: Option<PathBuf>,
}

impl Arena {
    pub(crate) fn open() -> Result<Self, Failure> {
        let folder = place::target()?.join("bench");
        fs::create_dir_all(&folder).map_err(|error| Failure::file(&folder, &error))?;
        let has_curl = Tool::named("curl").is_some_and(|curl| curl.is_there());
        if !has_curl {
            println!(
                "!! NO CURL: its columns are skipped, and with them most floors (sudo apt-get install -y curl)"
            );
        }
        let server = LocalKnosc::start(&place::program("release", "local-knosc")?, &[])?;
        let session = session::sign_in(&server, USER, PASSWORD)?;
        let cookies = folder.join("cookies.txt");
        let written = fs::write(&cookies, session.cookie_file());
        written.map_err(|error| Failure::file(&cookies, &error))?;
        let python = interpreter("requests");
        if python.is_none() {
            println!(
                "!! NO PYTHON WITH REQUESTS: the script's column is skipped (python3 -m pip install requests)"
            );
        }
        let base_url = server.url().to_owned();
        Ok(Self { server, base_url, folder, has_curl, cookies, session, python })
    }

    /// The same rivals, before another server. Cookies are not bound to a port, and a sink asks for none.
    pub(crate) fn aim(&mut self, base_url: impl Into<String>) {
        self.base_url = base_url.into();
    }

    pub(crate) fn base_url(&self) -> &str {
        &self.base_url
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// knosc-runner with a verb, on a journal that knows nothing, and with a warm component cache.
    pub(crate) fn ours(&self, arguments: &[&str]) -> Result<Command, Failure> {
        let state = self.folder.join("state");
        for name in JOURNAL {
            _ = fs::remove_file(state.join(name));
        }
        let mut ours = Command::new(place::program("release", "knosc-runner")?);
        ours.args(arguments).env("KNOSC_BASE_URL", &self.base_url).env("KNOSC_STATE", state);
        sign_in_by_environment(&mut ours);
        ours.env("XDG_CACHE_HOME", self.folder.join("cache"));
        Ok(ours)
    }

    /// As curl, it is done when the file is accepted; unlike curl, it signs in first.
    pub(crate) fn our_upload(&self, file: &Path) -> Result<Command, Failure> {
        let mut ours = self.ours(&["upload", "--quiet", "--detach", "inventory"])?;
        // Nor does curl look into the file for what it leaves out of the one before.
        ours.arg(file).args(["--max-bytes", "4294967296", "--no-check"]);
        Ok(ours)
    }

    /// It fails where Knosc does, and says why; none where there is no curl.
    fn bare_curl(&self) -> Option<Command> {
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--show-error", "--fail"]);
        self.has_curl.then_some(curl)
    }

    /// The guide's command as it is; none where there is no curl.
    pub(crate) fn curl(&self, file: &Path) -> Option<Command> {
        let mut curl = self.bare_curl()?;
        curl.args(["-X", "POST", "-b"]).arg(&self.cookies);
        curl.arg(self.upload_url()).args([
            "-H",
            &format!("X-XSRF-TOKEN: {}", self.session.csrf),
            "-F",
        ]);
        curl.arg(format!("file=@{}", file.display()));
        Some(curl)
    }

    /// The same over TLS, trusting one certificate. It is handed headers: its cookies are bound to plain HTTP.
    pub(crate) fn curl_tls(&self, url: &str, certificate: &Path, file: &Path) -> Option<Command> {
        let mut curl = self.bare_curl()?;
        curl.arg("--cacert").arg(certificate);
        let cookies = format!("Cookie: {}", self.session.cookies());
        curl.args(["-H", &cookies, "-H", &format!("X-XSRF-TOKEN: {}", self.session.csrf)]);
        curl.arg("-F").arg(format!("file=@{}", file.display()));
        curl.arg(format!("{url}/api/job/inventory"));
        Some(curl)
    }

    /// The guide's script: it signs in, sends, and asks once after 20 ms.
    pub(crate) fn script(&self, pairs: &[(&str, PathBuf)]) -> Result<Option<Command>, Failure> {
        let Some(python) = &self.python else { return Ok(None) };
        let mut script = Command::new(python);
        script.arg(place::root()?.join("tests").join("documented-client").join("guide.py"));
        for (trigger, file) in pairs {
            script.arg(trigger).arg(file);
        }
        script.env("GUIDE_BASE_URL", &self.base_url);
        script.env("GUIDE_USERNAME", USER).env("GUIDE_PASSWORD", PASSWORD);
        Ok(Some(script))
    }

    pub(crate) fn hyper(&self, file: &Path) -> Result<Command, Failure> {
        let mut hyper = Command::new(place::program("release", "rival-hyper")?);
        hyper.args([&self.upload_url(), &self.session.cookies(), &self.session.csrf]).arg(file);
        Ok(hyper)
    }

    /// A CSV file of exactly so many bytes, made once (the last row may be cut: the sink counts bytes).
    pub(crate) fn file(&self, bytes: u64) -> Result<PathBuf, Failure> {
        let path = self.folder.join(format!("inventory-{bytes}.csv"));
        if fs::metadata(&path).is_ok_and(|there| there.len() == bytes) {
            return Ok(path);
        }
        let failed = |error| Failure::file(&path, &error);
        let mut out = BufWriter::with_capacity(1 << 20, File::create(&path).map_err(failed)?);
        let mut left = bytes;
        let mut row = 0_u64;
        while left > 0 {
            let line = format!("WH-{:04},ITEM-{row:09},{},EA,2026-11-24\n", row % 400, row % 9_973);
            let keep = usize::try_from(left).unwrap_or(usize::MAX).min(line.len());
            out.write_all(line.as_bytes().get(..keep).unwrap_or_default()).map_err(failed)?;
            left -= keep as u64;
            row += 1;
        }
        out.flush().map_err(failed)?;
        Ok(path)
    }

    fn upload_url(&self) -> String {
        format!("{}/api/job/inventory", self.base_url)
    }
}

/// The variables with which a client of ours signs in.
pub(crate) fn sign_in_by_environment(command: &mut Command) {
    command.envs(CREDENTIALS);
}

/// Runs a program of ours that times a part of itself and says it as JSON, in `wall_s`; with what else it said.
pub(crate) fn said(command: &mut Command) -> Result<(Sample, Value), Failure> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| Failure::new(format!("{program}: {error}")))?;
    let said: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let wall_s = said.get("wall_s").and_then(Value::as_f64).filter(|_| output.status.success());
    let wall_s = wall_s.ok_or_else(|| {
        Failure::new(format!("{program}: {}", String::from_utf8_lossy(&output.stderr).trim()))
    })?;
    Ok((Sample::timed(wall_s), said))
}

/// Where the Python is that has these modules.
pub(crate) fn interpreter(modules: &str) -> Option<PathBuf> {
    let found = Command::new("python3")
        .args(["-c", &format!("import {modules}, sys; print(sys.executable)")])
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    Some(PathBuf::from(String::from_utf8(found.stdout).ok()?.trim()))
}
