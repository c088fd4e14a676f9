//! Runs the component.
