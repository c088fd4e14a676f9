//! The house rules that a program can see: sizes, layers, words, and that documents name what is there.
//! Reads the tree that git tracks or would track; needs neither wasm nor wasmtime.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, in its helpers too"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "the fence is for the core; this test reads the tree"
)]

mod documents;
mod rules;
mod small;
mod source;
mod tree;

use tree::Tree;

/// Fails with every problem at once: one a line, `path:line: what`.
fn check(rule: impl Fn(&Tree) -> Vec<String>) {
    let tree = Tree::read();
    assert!(
        tree.files.len() > 50,
        "the tree has only {} files: is this the repository?",
        tree.files.len()
    );
    let problems = rule(&tree);
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

#[test]
fn files_and_functions_are_short() {
    check(rules::lengths);
}

#[test]
fn files_say_what_they_are_for() {
    check(rules::heads);
}

#[test]
fn nothing_is_left_open() {
    check(rules::left_open);
}

#[test]
fn no_file_knows_one_machine() {
    check(rules::machine_paths);
}

#[test]
fn bindings_are_generated_in_four_places() {
    check(rules::bindings);
}

#[test]
fn the_core_touches_nothing_outside() {
    check(rules::pure_core);
}

#[test]
fn layers_point_downwards() {
    check(rules::layers);
}

#[test]
fn one_word_has_one_meaning() {
    check(rules::words);
}

#[test]
fn documents_are_short_and_name_files_that_exist() {
    check(documents::names);
}

#[test]
fn behaviours_have_a_file_and_a_test() {
    check(documents::behaviours);
}

#[test]
fn every_row_of_the_fault_matrix_has_a_test_or_a_reason() {
    check(documents::faults);
}

#[test]
fn every_engines_page_says_what_keeps_a_call_from_being_repeated() {
    check(documents::engines);
}
