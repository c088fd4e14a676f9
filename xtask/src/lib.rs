//! What the project's own commands are made of: set-up, components, the demo's server, the WIT reference.
//!
//! A library as well as a program, so that the tests of the components and of `docs/wit.md` use the same code as
//! `cargo xtask build` and `cargo xtask wit`. Standard library only; touches nothing outside the target folder and `docs/`.

pub mod benches;
pub mod component;
pub mod components;
pub mod engines;
pub mod exports;
pub mod failure;
pub mod local;
pub mod machine;
pub mod place;
pub mod wit;

pub use failure::Failure;
