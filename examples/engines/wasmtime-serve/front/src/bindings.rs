//! The component's interfaces in Rust, and their values as JSON: names as the contract (`wit/`) spells them, variants as
//! `{"tag": …, "val": …}`, none as `null`, bytes as a list of numbers.

macro_rules! bindings {
    (records: [$($record:tt)*], variants: [$($variant:tt)*]) => {
        wit_bindgen::generate!({
            inline: "
                package example:front;
                world front {
                    import knosc:bulk-import/sessions@0.1.0;
                    import knosc:bulk-import/importer@0.1.0;
                    import knosc:bulk-import/planner@0.1.0;
                }
            ",
            additional_derives: [serde::Serialize, serde::Deserialize],
            additional_type_attributes: {
                $($record: [#[serde(rename_all = "kebab-case", deny_unknown_fields)]],)*
                $($variant: [#[serde(rename_all = "kebab-case", tag = "tag", content = "val")]],)*
            },
            generate_all,
        });
    };
}

bindings! {
    records: [
        "knosc:bulk-import/types@0.1.0/session"
        "knosc:bulk-import/types@0.1.0/refresh-pair"
        "knosc:bulk-import/types@0.1.0/job"
        "knosc:bulk-import/types@0.1.0/row-error"
        "knosc:bulk-import/types@0.1.0/job-report"
        "knosc:bulk-import/types@0.1.0/refusal"
        "knosc:bulk-import/types@0.1.0/policy"
        "knosc:bulk-import/types@0.1.0/event"
        "knosc:bulk-import/types@0.1.0/sent-file"
        "knosc:bulk-import/types@0.1.0/step-report"
        "knosc:bulk-import/types@0.1.0/report"
        "knosc:bulk-import/sessions@0.1.0/credentials"
        "knosc:bulk-import/importer@0.1.0/connection"
        "knosc:bulk-import/importer@0.1.0/file"
        "knosc:bulk-import/planner@0.1.0/planned"
    ],
    variants: [
        "knosc:bulk-import/types@0.1.0/job-status"
        "knosc:bulk-import/types@0.1.0/fault"
        "knosc:bulk-import/types@0.1.0/fact"
        "knosc:bulk-import/types@0.1.0/resolution"
        "knosc:bulk-import/types@0.1.0/outcome"
        "knosc:bulk-import/sessions@0.1.0/sign-in"
        "knosc:bulk-import/importer@0.1.0/auth"
        "knosc:bulk-import/importer@0.1.0/content"
        "knosc:bulk-import/planner@0.1.0/command"
    ]
}
