//! The words of the core: what is said of triggers, jobs, files and faults, to people and to code.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use knosc_bulk_import::blob::{BlobError, FileKind, base_name};
use knosc_bulk_import::fault::{Advice, Fault, Refusal};
use knosc_bulk_import::job::{Job, JobReport, JobStatus, RowError};
use knosc_bulk_import::plan::{FILES_MAX, Plan, PlanError, Planned};
use knosc_bulk_import::trigger::{Group, Trigger};

#[test]
fn statuses_are_knoscs_words() {
    let ends = |word: &str| ["completed", "failed"].contains(&word);
    for word in ["queued", "running", "completed", "failed", "paused", "Completed", ""] {
        let status = JobStatus::from_word(word);
        assert_eq!(status.word(), word);
        assert_eq!(status.is_final(), ends(word), "{word}");
    }
    assert_eq!((JobStatus::Missing.word(), JobStatus::Missing.is_final()), ("missing", false));
    assert_eq!(JobStatus::from_word("missing"), JobStatus::Other("missing".into()));
}

#[test]
fn a_report_without_its_errors_counts_them() {
    let job = Job { trigger: Trigger::Demand, job_id: "d".into() };
    let error = RowError { row: Some(1), message: "no".into() };
    let report = JobReport {
        errors: vec![error.clone(), error],
        errors_omitted: 5,
        ..JobReport::of_status(job, JobStatus::Failed)
    };
    let bare = report.without_errors();
    assert_eq!((bare.errors.len(), bare.errors_omitted), (0, 7));
    assert_eq!(JobReport { errors: report.errors.clone(), errors_omitted: 5, ..bare }, report);
}

#[test]
fn triggers_are_grouped_and_explained() {
    let groups: Vec<Group> = Trigger::ALL.iter().map(|trigger| trigger.group()).collect();
    let mut expected = vec![Group::Masters; 5];
    expected.extend([Group::Mappings; 3]);
    expected.extend([Group::Transactions; 5]);
    assert_eq!(groups, expected);
    let reasons = Trigger::ALL.iter().filter(|trigger| !trigger.reason().is_empty());
    let reasons: Vec<(&str, &str)> = reasons.map(|t| (t.name(), t.reason())).collect();
    assert_eq!(
        reasons,
        [
            ("supplier-master", "procurement depends on this"),
            ("customer-master", "demand depends on this"),
            ("item-master", "all transactional data depends on this"),
        ]
    );
}

#[test]
fn what_a_file_looks_like() {
    let check = |name: &str, first: &[u8], expected: &str| {
        let error = FileKind::of_name(name).unwrap().check(name, first).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    };
    check("a.xlsx", b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "an old .xls workbook");
    check("a.csv", b"\xD0\xCF\x11\xE0", "an old .xls workbook");
    check("a.csv", b"PK\x03\x04", "a workbook or a zip archive");
    check("a.csv", b"%PDF-1.7", "a PDF");
    check("a.xlsx", b"%PDF-1.7", "a PDF");
    check("a.csv", b"\x1F\x8B\x08", "a gzip archive");
    check("a.xlsx", b"\x1F\x8B\x08", "a gzip archive");
    check("a.xlsx", b"a;b;c", "text, or something that is no workbook");
    for name in ["", ".", "..", "a/.", "a/..", r"a\.."] {
        assert_eq!(base_name(name), Err(BlobError::NoName), "{name}");
    }
    assert_eq!(base_name("..a"), Ok("..a"));
}

#[test]
fn each_file_error_says_what_to_do() {
    let name = || "a.csv".to_owned();
    let check = |error: BlobError, expected: &str| {
        assert!(error.hint().contains(expected), "{}", error.hint());
    };
    check(BlobError::Extension { name: name() }, "XLSX or CSV");
    check(BlobError::Empty { name: name() }, "export job");
    check(BlobError::Mismatch { name: name(), found: "a PDF" }, "save the file again");
    check(BlobError::HeaderOnly { name: name(), trigger: Trigger::Demand }, "allow-empty");
    check(BlobError::NoName, "give the file a name");
}

#[test]
fn each_fault_says_what_may_be_done_next() {
    let job = Job { trigger: Trigger::Demand, job_id: "d".into() };
    let refusal = || Refusal::unanswered("words");
    let running = Box::new(JobReport::of_status(job, JobStatus::Running));
    for (fault, advice, message) in [
        (Fault::ExecutionFailed, Advice::Decide, "the engine ended the call"),
        (Fault::PermanentInvalid("words".into()), Advice::MendInput, "words"),
        (Fault::PermanentDenied("words".into()), Advice::AskOperator, "words"),
        (Fault::PermanentUnauthorized(refusal()), Advice::SignIn, "words"),
        (Fault::PermanentRejected(refusal()), Advice::MendInput, "words"),
        (Fault::PermanentOutcomeUnknown(refusal()), Advice::Decide, "words"),
        (Fault::Transient(refusal()), Advice::CallAgain, "words"),
        (Fault::NotFinished(running), Advice::PollLater, "the job is still queued or running"),
    ] {
        assert_eq!((fault.advice(), fault.message()), (advice, message));
        let has_refusal = matches!(
            fault,
            Fault::PermanentUnauthorized(_)
                | Fault::PermanentRejected(_)
                | Fault::PermanentOutcomeUnknown(_)
                | Fault::Transient(_)
        );
        assert_eq!(fault.refusal().is_some(), has_refusal);
    }
}

#[test]
fn each_plan_error_says_what_to_do() {
    assert!(PlanError::Empty.hint().contains("at least one file"));
    assert!(PlanError::TooMany { count: 2_000 }.hint().contains("several runs"));
    let file = Planned { trigger: Trigger::Demand, file_name: "a.csv".into() };
    assert!(Plan::new(vec![file; FILES_MAX], true).is_ok(), "as many as are taken");
}
