//! What an engine has to grant before a call can be made, in the words of each: for the fault that says what is missing.
//!
//! Texts alone. The commands that belong to them are in `examples/engines/`, a page an engine. The hosted world has one host,
//! whose own errors say it.

/// After "must allow this origin". Engines that are not named have no list of origins.
#[cfg(not(feature = "hosted"))]
pub(super) const EGRESS: &str = " (wasmCloud: allowedHosts; Obelisk: allowed_host; Spin: allowed_outbound_hosts, inherited by the dependency)";
#[cfg(feature = "hosted")]
pub(super) const EGRESS: &str = "";

/// After the names of variables that are not set: of the component's environment, which is not the engine's own.
#[cfg(not(feature = "hosted"))]
pub(super) const ENVIRONMENT: &str = " (wasmtime: --env NAME; wasmCloud: secretFrom; Obelisk: env_vars; Spin: environment; jco: _setEnv; wasmtime-py: WasiConfig.env)";

/// After a path that lies in no folder that the component was given.
#[cfg(not(feature = "hosted"))]
pub(super) const FOLDER: &str = " (wasmtime: --dir FOLDER::/NAME; wasmCloud: volumes; Spin: files; jco: _setPreopens; wasmtime-py: WasiConfig.preopen_dir; Obelisk has no folders: pass a url, or the content itself)";
