//! Tenants' pipelines through the binary: what they load is a run of the journal like all others, killed at any moment.
//!
//! The pipelines are lines of core wasm in a frame; what their own code may do is tested elsewhere.

use std::io::BufRead as _;
use std::path::PathBuf;
use std::process::Command;

use local_knosc::{AnswerFault, IntegrationLock, Running, When};

use super::interrupted::signal;
use super::place::{Ended, Place, ended, knosc, run, runs_still, wait_until};
use super::resumed::{accepted, arm, hold_tables, on_upload, run_id, units, wait_for_poll};
use super::template;

/// `run-ordered` of the first input as units, and a good word whatever came of it.
pub(crate) const LOADS: &str = r"
  (i32.store (i32.const 300) (i32.const 800)) (i32.store (i32.const 304) (i32.const 11))
  (i32.store (i32.const 308) (i32.load (local.get $inputs)))
  (call $run-ordered (i32.const 300) (i32.const 1)
    (i32.const 10) (i32.const 50) (i64.const 60000) (i64.const 60000) (i32.const 0) (i32.const 832))
  (i32.const 16)
";

/// The same of a file that the pipeline makes.
const MAKES: &str = r"
  (call $create (i32.const 512) (i32.const 5) (i32.const 32))
  (call $write (i32.load (i32.const 36)) (i32.const 864) (i32.const 58) (i32.const 48))
  (call $finish (i32.load (i32.const 36)) (i32.const 40))
  (i32.store (i32.const 300) (i32.const 800)) (i32.store (i32.const 304) (i32.const 11))
  (i32.store (i32.const 308) (i32.load (i32.const 44)))
  (call $run-ordered (i32.const 300) (i32.const 1)
    (i32.const 10) (i32.const 50) (i64.const 60000) (i64.const 60000) (i32.const 0) (i32.const 1024))
  (i32.const 16)
";

/// `upload` of the first input, and a poll of its job until it ended.
const UPLOADS: &str = r"
  (call $upload (i32.const 800) (i32.const 11) (i32.load (local.get $inputs)) (i32.const 1024))
  (if (i32.load8_u (i32.const 1024)) (then (unreachable)))
  (loop $again
    (call $poll-jobs (i32.const 1032) (i32.const 1) (i32.const 1280))
    (if (i32.load8_u (i32.const 1280)) (then (unreachable)))
    ;; The status of the first report: 2 is completed.
    (br_if $again (i32.lt_u (i32.load8_u (i32.add (i32.load (i32.const 1288)) (i32.const 16))) (i32.const 2))))
  (i32.const 16)
";

const FIELDS: &str = r#"
  (data (i32.const 800) "unit-master")
  (data (i32.const 864) "_UnitCode,_UnitName,_UnitType,_Multiplier\0aEA,Each,Count,1\0a")
"#;

/// A folder with the operator's file and a pipeline of these lines.
pub(crate) fn place(knosc: &Running, test: &str, body: &str) -> Place {
    let place = Place::new(test);
    let whole = template::text("", FIELDS, body, "erp.acme.example", "other.example");
    place.file("pipeline.wasm", wat::parse_str(whole).unwrap());
    place.file("tenants.toml", template::tenants(&knosc.url(), ""));
    units(&place, "units.csv");
    place
}

pub(crate) fn pipeline(knosc: &Running, place: &Place, more: &[&str]) -> Command {
    let words = ["pipeline", "run", "pipeline.wasm", "--tenant", "acme", "--input", "units.csv"];
    let mut command = place.runner(&knosc.url(), &[&words[..], more].concat());
    command.env("TMPDIR", made(place));
    command
}

/// Where files are that a pipeline makes.
fn made(place: &Place) -> PathBuf {
    let folder = place.path().join("made");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn runs(knosc: &Running, place: &Place, words: &[&str]) -> Ended {
    run(&mut place.runner(&knosc.url(), &[&["runs"], words].concat()))
}

/// A pipeline whose process is killed after Knosc took its file, with the tables held from then on.
fn killed_while_it_polls(knosc: &Running, place: &Place) {
    hold_tables(knosc, IntegrationLock::Held);
    let mut child = pipeline(knosc, place, &[]).spawn().unwrap();
    wait_for_poll(knosc, &mut child);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_pipeline_that_was_killed_after_the_acceptance_is_resumed_and_sends_nothing() {
    let knosc = knosc();
    let place = place(&knosc, "pipeline-killed-polling", LOADS);
    killed_while_it_polls(&knosc, &place);
    let listed = runs(&knosc, &place, &["list"]);
    assert!(listed.stdout.contains("  pipeline  ") && listed.stdout.contains("1 pending"));
    hold_tables(&knosc, IntegrationLock::Free);
    let resumed = run(&mut place.runner(&knosc.url(), &["resume", "--latest"]));
    assert_eq!(resumed.exit, 0, "{resumed:?}");
    assert_eq!((accepted(&knosc), knosc.model().upload_posts()), (1, 1));
    let shown = runs(&knosc, &place, &["show", &run_id(&resumed)]);
    assert!(
        shown.stdout.contains("accepted as") && shown.stdout.contains("completed"),
        "{shown:?}"
    );
    // The next run of the pipeline finds it done.
    let next = run(&mut pipeline(&knosc, &place, &[]));
    assert_eq!((next.exit, knosc.model().upload_posts()), (0, 1), "{next:?}");
    assert!(next.stdout.contains("unchanged"), "{next:?}");
}

#[test]
fn an_input_that_was_not_sealed_is_sent_again_by_resume_and_a_made_file_is_gone() {
    for (body, exit, files) in [(LOADS, 0, 1), (MAKES, 7, 0)] {
        let knosc = knosc();
        let place = place(&knosc, "pipeline-killed-sending", body);
        // Killed as soon as it signs in: the run is recorded, and nothing of the file has left.
        arm(&knosc, AnswerFault { delay_ms: 600_000, ..sign_in() });
        let mut child = pipeline(&knosc, &place, &[]).spawn().unwrap();
        wait_until("a sign-in", || {
            runs_still(&mut child);
            // Recorded is not asked: killed in between, it would leave what is armed to the resumed run.
            knosc.model().requests().any(|request| request.path == "/api/authenticate")
        });
        let listed = runs(&knosc, &place, &["list"]);
        assert!(listed.stdout.contains("1 not-started"), "{listed:?}");
        child.kill().unwrap();
        child.wait().unwrap();
        let resumed = run(&mut place.runner(&knosc.url(), &["resume"]));
        assert_eq!((resumed.exit, accepted(&knosc)), (exit, files), "{resumed:?}");
        let made = resumed.stderr.contains("run the pipeline again: it makes the file anew");
        assert_eq!(made, exit == 7, "{resumed:?}");
    }
}

#[test]
fn what_a_pipeline_wrote_is_told_while_it_runs_and_kept_with_its_runs() {
    let knosc = knosc();
    let place = place(&knosc, "pipeline-log", &format!("{SAYS} {LOADS}"));
    hold_tables(&knosc, IntegrationLock::Held);
    let child = pipeline(&knosc, &place, &[]).stderr(std::process::Stdio::piped()).spawn();
    let mut child = child.unwrap();
    wait_for_poll(&knosc, &mut child);
    let listed = runs(&knosc, &place, &["list"]).stdout;
    let run = listed.split(' ').next().unwrap().to_owned();
    // Killed, it has told what it wrote, and how far its call was.
    child.kill().unwrap();
    let stderr = ended_stderr(child);
    assert!(stderr.contains("pipeline: _UnitCode"), "{stderr}");
    assert!(stderr.contains("units.csv: accepted as unit-master-upload-"), "{stderr}");
    let shown = runs(&knosc, &place, &["show", &run]);
    assert!(shown.stdout.contains("  pipeline: _UnitCode,_UnitName"), "{shown:?}");
    hold_tables(&knosc, IntegrationLock::Free);
    assert_eq!(run_resume(&knosc, &place).exit, 0);

    // To its end, it has all of it, for programs too; and of a run that wrote nothing there is nothing.
    let again = run_pipeline(&knosc, &place, &["--output", "ndjson"]);
    assert!(again.stdout.contains("\"type\":\"pipeline_log\""), "{again:?}");
    let listed = runs(&knosc, &place, &["list"]).stdout;
    let latest = listed.split(' ').next().unwrap().to_owned();
    assert_ne!(latest, run);
    let shown = runs(&knosc, &place, &["show", &latest, "--output", "json"]);
    let document: serde_json::Value = serde_json::from_str(&shown.stdout).unwrap();
    assert_eq!(document["log"][0]["stream"], "stdout", "{document}");
    assert_eq!(document["log"][1]["text"], "EA,Each,Count,1", "{document}");
}

/// Writes two lines on standard output.
pub(crate) const SAYS: &str =
    "(call $print (call $stdout) (i32.const 864) (i32.const 58) (i32.const 48))";

fn run_resume(knosc: &Running, place: &Place) -> Ended {
    run(&mut place.runner(&knosc.url(), &["resume", "--latest"]))
}

fn run_pipeline(knosc: &Running, place: &Place, more: &[&str]) -> Ended {
    run(&mut pipeline(knosc, place, more))
}

/// What a process that was killed had said.
fn ended_stderr(child: std::process::Child) -> String {
    String::from_utf8(child.wait_with_output().unwrap().stderr).unwrap()
}

#[test]
fn a_refused_sign_in_is_not_tried_by_the_next_process() {
    let knosc = knosc();
    let place = place(&knosc, "pipeline-refused-sign-in", LOADS);
    let wrong = || run(pipeline(&knosc, &place, &[]).env("KNOSC_PASSWORD", "wrong"));
    let asked = || {
        let model = knosc.model();
        model.requests().filter(|request| request.path == "/api/authenticate").count()
    };
    let first = wrong();
    let second = wrong();
    assert_eq!((first.exit, second.exit, asked()), (4, 4, 1), "{first:?} {second:?}");
    assert!(second.stderr.contains("were not tried again"), "{second:?}");
    let right = run(&mut pipeline(&knosc, &place, &[]));
    assert_eq!((right.exit, accepted(&knosc)), (0, 1), "{right:?}");
}

#[test]
fn a_pipeline_that_is_killed_leaves_no_file() {
    let knosc = knosc();
    let wrote = "(call $create (i32.const 512) (i32.const 5) (i32.const 32))
      (call $write (i32.load (i32.const 36)) (i32.const 0) (i32.const 60000) (i32.const 48))";
    let place = place(
        &knosc,
        "pipeline-killed-writing",
        &format!("{wrote} {SAYS} (loop $l (br $l)) (unreachable)"),
    );
    let mut child = pipeline(&knosc, &place, &[]).spawn().unwrap();
    let stderr = child.stderr.take().unwrap();
    let said = std::io::BufReader::new(stderr).lines().map_while(Result::ok);
    assert!(said.into_iter().any(|line| line.contains("pipeline: _UnitCode")), "it wrote its file");
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(std::fs::read_dir(made(&place)).unwrap().count(), 0);
}

#[test]
fn a_call_may_ask_for_less_than_its_operator_gives_and_not_for_more() {
    let knosc = knosc();
    let place = place(&knosc, "pipeline-narrowed", "(loop $l (br $l)) (unreachable)");
    let narrowed = run(&mut pipeline(&knosc, &place, &["--limit", "cpu=100ms"]));
    assert_eq!(narrowed.exit, 11, "{narrowed:?}");
    assert!(narrowed.stderr.contains("was stopped at cpu = 100ms"), "{narrowed:?}");
    assert!(narrowed.stderr.contains("the operator gives 60s; this call asked for less"));
    for (wish, exit, said) in [
        ("memory=1 GiB", 11, "--limit memory=1024 MiB is no figure from 1 MiB to 128 MiB"),
        ("memory=1 B", 11, "is no figure from 1 MiB"),
        ("speed=9", 2, "there is no limit 'speed'"),
        ("memory=many", 2, "'many' is no figure for it; its default is 128 MiB"),
    ] {
        let refused = run(&mut pipeline(&knosc, &place, &["--limit", wish]));
        assert_eq!(refused.exit, exit, "{refused:?}");
        assert!(refused.stderr.contains(said), "{wish}: {refused:?}");
    }
    assert_eq!(knosc.model().requests().count(), 0);
}

#[test]
fn a_pipelines_run_is_resumed_as_its_tenant() {
    let knosc = knosc();
    let place = place(&knosc, "pipeline-resumed", LOADS);
    killed_while_it_polls(&knosc, &place);
    hold_tables(&knosc, IntegrationLock::Free);
    // Whose secrets are in the operator's variables, and not in those of this shell.
    let tenants = std::fs::read_to_string(place.path().join("tenants.toml")).unwrap();
    let theirs = tenants.replace("KNOSC_", "THEIRS_");
    let other = theirs.replace(&knosc.url(), "http://127.0.0.1:9");
    place.file("theirs.toml", theirs);
    place.file("other.toml", other);
    let resume = |words: &[&str]| {
        let mut command = place.runner(&knosc.url(), &[&["resume", "--latest"], words].concat());
        command.env_remove("KNOSC_USERNAME").env_remove("KNOSC_PASSWORD");
        command.env("THEIRS_USERNAME", local_knosc::DEFAULT_USER);
        command.env("THEIRS_PASSWORD", local_knosc::DEFAULT_PASSWORD);
        run(&mut command)
    };
    let nobody = resume(&[]);
    assert_ne!(nobody.exit, 0, "{nobody:?}");
    let wrong = resume(&["--tenant", "acme", "--tenants", "other.toml"]);
    assert_eq!(wrong.exit, 2, "{wrong:?}");
    assert!(wrong.stderr.contains("tenant 'acme' is of http://127.0.0.1:9"), "{wrong:?}");
    let resumed = resume(&["--tenant", "acme", "--tenants", "theirs.toml"]);
    assert_eq!((resumed.exit, accepted(&knosc)), (0, 1), "{resumed:?}");
}

fn sign_in() -> AnswerFault {
    AnswerFault { path: "/api/authenticate".to_owned(), ..on_upload(When::Before) }
}

#[test]
fn made_files_are_known_again_by_their_content() {
    let knosc = knosc();
    let place = place(&knosc, "pipeline-made", MAKES);
    let first = run(&mut pipeline(&knosc, &place, &[]));
    assert_eq!((first.exit, accepted(&knosc)), (0, 1), "{first:?}");
    let again = run(&mut pipeline(&knosc, &place, &[]));
    assert_eq!((again.exit, accepted(&knosc)), (0, 1), "{again:?}");
    assert!(again.stdout.contains("the same bytes completed in run"), "{again:?}");
    let sent = run(&mut pipeline(&knosc, &place, &["--unchanged", "send"]));
    assert_eq!((sent.exit, accepted(&knosc)), (0, 2), "{sent:?}");
    assert_eq!(std::fs::read_dir(made(&place)).unwrap().count(), 0, "files that it made are gone");
}

#[test]
fn an_upload_and_its_polls_are_one_run_of_the_journal() {
    let knosc = knosc();
    let place = place(&knosc, "pipeline-uploads", UPLOADS);
    let first = run(&mut pipeline(&knosc, &place, &[]));
    assert_eq!((first.exit, accepted(&knosc)), (0, 1), "{first:?}");
    assert!(first.stdout.contains("completed    unit-master"), "{first:?}");
    // An upload has no answer for a file that is skipped; the pipeline trapped at the refusal.
    for more in [&[][..], &["--unchanged", "skip"]] {
        let again = run(&mut pipeline(&knosc, &place, more));
        assert_eq!((again.exit, accepted(&knosc)), (12, 1), "{again:?}");
        assert!(again.stderr.contains("the same file completed in unit-master"), "{again:?}");
    }
}

#[test]
fn an_unknown_outcome_stops_the_trigger_for_pipelines_too() {
    let knosc = knosc();
    let place = place(&knosc, "pipeline-unknown", LOADS);
    arm(&knosc, AnswerFault { drop: true, ..on_upload(When::After) });
    let first = run(&mut pipeline(&knosc, &place, &[]));
    assert_eq!((first.exit, accepted(&knosc)), (6, 1), "{first:?}");
    assert!(first.stdout.contains("knosc-runner runs show "), "{first:?}");
    let again = run(&mut pipeline(&knosc, &place, &["--unchanged", "send"]));
    assert_eq!((again.exit, accepted(&knosc)), (6, 1), "{again:?}");
    assert!(again.stderr.contains("known: that call sent nothing"), "{again:?}");
    let other = run(&mut place.runner(&knosc.url(), &["upload", "unit-master", "units.csv"]));
    assert_eq!((other.exit, accepted(&knosc)), (6, 1), "{other:?}");
}

#[test]
fn one_trigger_is_loaded_by_one_process_at_a_time() {
    let knosc = knosc();
    let place = place(&knosc, "pipeline-locked", LOADS);
    hold_tables(&knosc, IntegrationLock::Held);
    let mut child = pipeline(&knosc, &place, &[]).spawn().unwrap();
    wait_for_poll(&knosc, &mut child);
    let second = run(&mut pipeline(&knosc, &place, &[]));
    assert_eq!((second.exit, accepted(&knosc)), (9, 1), "{second:?}");
    assert!(second.stderr.contains(&format!("process {}", child.id())), "{second:?}");
    let upload = run(&mut place.runner(&knosc.url(), &["upload", "unit-master", "units.csv"]));
    assert_eq!(upload.exit, 9, "{upload:?}");
    // Ctrl-C leaves the job alone, and says how to go on.
    signal(&child, "-INT");
    let first = ended(child.wait_with_output().unwrap());
    assert_eq!(first.exit, 130, "{first:?}");
    assert!(first.stdout.contains("knosc-runner resume "), "{first:?}");
    hold_tables(&knosc, IntegrationLock::Free);
    let resumed = run(&mut place.runner(&knosc.url(), &["resume"]));
    assert_eq!((resumed.exit, accepted(&knosc)), (0, 1), "{resumed:?}");
}

#[test]
fn precompiled_code_is_refused_by_policy_and_no_run_is_recorded() {
    let knosc = knosc();
    let place = place(&knosc, "pipeline-precompiled", LOADS);
    let code = wasmtime::Engine::default().precompile_module(b"\0asm\x01\0\0\0").unwrap();
    place.file("pipeline.wasm", code);
    for verb in ["check", "run"] {
        let words = ["pipeline", verb, "pipeline.wasm", "--tenant", "acme"];
        let refused = run(&mut place.runner(&knosc.url(), &words));
        assert_eq!(refused.exit, 11, "{refused:?}");
        assert!(refused.stderr.contains("precompiled code"), "{refused:?}");
        assert!(refused.stderr.contains("none of its code ran"), "{refused:?}");
    }
    assert_eq!(knosc.model().requests().count(), 0);
    assert!(runs(&knosc, &place, &["list"]).stdout.is_empty());
}

#[test]
fn what_was_admitted_refused_and_stopped_is_in_the_audit_record() {
    let knosc = knosc();
    let place = place(&knosc, "pipeline-audit", LOADS);
    let first = run(&mut pipeline(&knosc, &place, &["--audit-file", "audit"]));
    assert_eq!(first.exit, 0, "{first:?}");
    let refused = ["pipeline", "run", "units.csv", "--tenant", "acme", "--audit-file", "audit"];
    assert_eq!(run(&mut place.runner(&knosc.url(), &refused)).exit, 2);
    let audit = std::fs::read_to_string(place.path().join("audit")).unwrap();
    for what in
        [" acme acme-", "-1 admitted ", " acme - signing-in ", " ended ", " acme - refused "]
    {
        assert!(audit.contains(what), "{what}: {audit}");
    }
}
