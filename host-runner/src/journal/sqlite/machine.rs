//! Names of this machine and its user, for people who read who did what.
//!
//! Asks the system; decides nothing.

/// The machine's name; `localhost` where it has none.
pub(super) fn host() -> String {
    let from_kernel = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let from_environment =
        || ["COMPUTERNAME", "HOSTNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    let from_command = || {
        let output = std::process::Command::new("hostname").output().ok()?;
        String::from_utf8(output.stdout).ok()
    };
    let found = from_kernel.or_else(from_command).or_else(from_environment);
    let name = found.map(|name| name.trim().to_owned()).unwrap_or_default();
    if name.is_empty() { "localhost".to_owned() } else { name }
}

/// `user@host`, for decisions that a person made.
pub fn actor() -> String {
    let user =
        ["USER", "LOGNAME", "USERNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    format!("{}@{}", user.unwrap_or_else(|| "somebody".to_owned()), host())
}
