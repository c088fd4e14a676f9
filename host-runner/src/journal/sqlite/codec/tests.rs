//! Any fact comes back as it was, and a damaged record is refused or still a whole one: a journal is never half believed.
//!
//! `PROPTEST_CASES=400000` makes a campaign of it.

use proptest::prelude::*;
use proptest::sample::Index;

use super::*;

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![".{0,20}", "[\\x00-\\x1f\"\\\\{}:,]{0,12}"]
}

fn triggers() -> impl Strategy<Value = Trigger> {
    proptest::sample::select(Trigger::ALL.to_vec())
}

fn jobs() -> impl Strategy<Value = Job> {
    (triggers(), texts()).prop_map(|(trigger, job_id)| Job { trigger, job_id })
}

fn statuses() -> impl Strategy<Value = JobStatus> {
    use JobStatus::{Completed, Failed, Missing, Queued, Running};
    let known = proptest::sample::select(vec![Queued, Running, Completed, Failed, Missing]);
    prop_oneof![known, texts().prop_map(JobStatus::Other)]
}

fn reports() -> impl Strategy<Value = JobReport> {
    let counts = (any::<Option<u64>>(), any::<u64>(), any::<bool>());
    (jobs(), statuses(), counts, proptest::option::of(texts())).prop_map(
        |(job, status, (rows_processed, errors_omitted, errors_cut), completed_at)| JobReport {
            rows_processed,
            errors_omitted,
            errors_cut,
            completed_at,
            ..JobReport::of_status(job, status)
        },
    )
}

fn refusals() -> impl Strategy<Value = Refusal> {
    (any::<Option<u16>>(), proptest::option::of(texts()), texts(), any::<Option<u64>>()).prop_map(
        |(status, code, message, retry_after_ms)| Refusal { status, code, message, retry_after_ms },
    )
}

fn faults() -> impl Strategy<Value = Fault> {
    prop_oneof![
        Just(Fault::ExecutionFailed),
        texts().prop_map(Fault::PermanentInvalid),
        texts().prop_map(Fault::PermanentDenied),
        refusals().prop_map(Fault::PermanentUnauthorized),
        refusals().prop_map(Fault::PermanentRejected),
        refusals().prop_map(Fault::PermanentOutcomeUnknown),
        refusals().prop_map(Fault::Transient),
        reports().prop_map(|report| Fault::NotFinished(Box::new(report))),
    ]
}

fn sent_files() -> impl Strategy<Value = SentFile> {
    let file = (triggers(), texts(), any::<u64>(), proptest::option::of(texts()), any::<bool>());
    file.prop_map(|(trigger, name, size, sha256, seal_follows)| SentFile {
        trigger,
        name,
        size,
        sha256,
        seal_follows,
    })
}

fn facts() -> impl Strategy<Value = Fact> {
    prop_oneof![
        sent_files().prop_map(Fact::UploadStarted),
        any::<u32>().prop_map(Fact::UploadSealed),
        jobs().prop_map(Fact::UploadAccepted),
        faults().prop_map(Fact::UploadEnded),
        reports().prop_map(Fact::JobObserved),
        faults().prop_map(Fact::PollFailed),
        jobs().prop_map(|job| Fact::Resolved(Resolution::Accepted(job))),
        Just(Fact::Resolved(Resolution::NotAccepted)),
    ]
}

/// One byte of a text changed, left out or doubled; or the text cut there.
#[derive(Clone, Debug)]
enum Damage {
    Changed(u8),
    LeftOut,
    Doubled,
    Cut,
}

fn damages() -> impl Strategy<Value = Damage> {
    prop_oneof![
        any::<u8>().prop_map(Damage::Changed),
        Just(Damage::LeftOut),
        Just(Damage::Doubled),
        Just(Damage::Cut),
    ]
}

fn damaged(text: &str, at: Index, damage: &Damage) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let at = at.index(bytes.len());
    match damage {
        Damage::Changed(byte) => bytes[at] = *byte,
        Damage::LeftOut => drop(bytes.remove(at)),
        Damage::Doubled => bytes.insert(at, bytes[at]),
        Damage::Cut => bytes.truncate(at),
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_fact_comes_back_as_it_was(fact in facts()) {
        prop_assert_eq!(decode(&encode(&fact).unwrap()).unwrap(), fact);
    }

    #[test]
    fn a_damaged_record_is_refused_or_a_whole_one(fact in facts(), at: Index, damage in damages()) {
        let text = damaged(&encode(&fact).unwrap(), at, &damage);
        match decode(&text) {
            Ok(read) => prop_assert_eq!(decode(&encode(&read).unwrap()).unwrap(), read),
            Err(StoreError::Corrupt { .. } | StoreError::Newer { .. }) => {}
            Err(other) => prop_assert!(false, "{text}: {other:?}"),
        }
    }

    #[test]
    fn another_version_is_refused(fact in facts(), v: u32) {
        prop_assume!(v != VERSION);
        let text = encode(&fact).unwrap().replacen("\"v\":1", &format!("\"v\":{v}"), 1);
        let is_newer = |read| matches!(read, Err(StoreError::Newer { found, .. }) if found == i64::from(v));
        prop_assert!(is_newer(decode(&text)));
    }

    #[test]
    fn any_policy_comes_back_as_it_was(
        intervals: (u32, u32),
        patience: (u64, u64),
        allow_repeated_trigger: bool,
    ) {
        let policy = Policy {
            poll_interval_min_ms: intervals.0,
            poll_interval_max_ms: intervals.1,
            queued_max_ms: patience.0,
            running_max_ms: patience.1,
            allow_repeated_trigger,
        };
        prop_assert_eq!(decode_policy(&encode_policy(&policy).unwrap()).unwrap(), policy);
    }

    #[test]
    fn nothing_else_is_a_record(text in ".{0,80}") {
        prop_assert!(decode(&text).is_err() && decode_policy(&text).is_err());
    }
}

#[test]
fn a_version_in_name_alone_is_no_record() {
    for text in ["{\"v\":1}", "{\"v\":1,\"fact\":{}}", "{\"v\":1,\"fact\":\"sent\"}", "1", ""] {
        assert!(matches!(decode(text), Err(StoreError::Corrupt { .. })), "{text}");
    }
    let newer = "{\"v\":2,\"fact\":{\"something-new\":1}}";
    assert!(matches!(decode(newer), Err(StoreError::Newer { found: 2, known: 1 })));
}
