//! What is tried: a proxy's configuration, what the server behind it does, and what the tool has to make of it. Data only;
//! docs/proxies.md has the same rows.

use Outcome::{Completed, Doubled, NotAccepted, Unknown};

/// A file of some rows.
const SMALL: usize = 100;

/// More than the limit of `nginx/body-limit.conf`, and more than a socket takes at once.
const LARGE: usize = 4 << 20;

/// What two equal commands, one after the other, have to end with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The first says that the file was loaded, the second that it is unchanged.
    Completed,
    /// The first says that it doesn't know, and the second sends nothing.
    Unknown,
    /// The file never came to the server: refused, or unknown.
    NotAccepted,
    /// Accepted twice, because the proxy repeats uploads.
    Doubled,
}

/// One row.
#[derive(Debug)]
pub(crate) struct Setting {
    /// The proxy and its configuration, a path below this folder.
    pub(crate) config: &'static str,
    /// What the server does with each upload in turn, in the words of `knosc.py`.
    pub(crate) plan: &'static str,
    /// The same in words for people.
    pub(crate) server: &'static str,
    /// The file's size.
    pub(crate) bytes: usize,
    pub(crate) outcome: Outcome,
    /// Uploads that reached the server, after both commands.
    pub(crate) seen: usize,
    /// Those of them that it accepted.
    pub(crate) accepted: usize,
}

impl Setting {
    /// The tool that it needs.
    pub(crate) fn proxy(&self) -> &'static str {
        self.config.split('/').next().unwrap_or_default()
    }

    /// As docs/proxies.md has it.
    pub(crate) fn row(&self) -> String {
        let Self { config, server, accepted, .. } = self;
        let tool = match self.outcome {
            Completed => "completed (0)",
            Unknown => "unknown (6)",
            NotAccepted => "refused (3, 4) or unknown (6)",
            Doubled => "**loaded twice**",
        };
        format!("| [{config}](../tests/stacks/{config}) | {server} | {tool} | {accepted} |")
    }
}

const fn setting(
    config: &'static str,
    plan: &'static str,
    server: &'static str,
    outcome: Outcome,
    [seen, accepted]: [usize; 2],
) -> Setting {
    Setting { config, plan, server, bytes: SMALL, outcome, seen, accepted }
}

const DIES: &str = "accepts the file and dies";
const LATE: &str = "accepts the file and answers after 3 s";

#[rustfmt::skip]
pub(crate) const SETTINGS: &[Setting] = &[
    setting("nginx/default.conf", "accept", "accepts the file", Completed, [1, 1]),
    setting("nginx/default.conf", "late", LATE, Completed, [1, 1]),
    setting("nginx/default.conf", "die", DIES, Unknown, [1, 1]),
    setting("nginx/default.conf", "session-over,accept", "refuses once: the session is over", Completed, [2, 1]),
    setting("nginx/default.conf", "no-token,accept", "refuses once: the token is missing", Completed, [2, 1]),
    setting("nginx/default.conf", "rate-limit", "refuses: too many requests", Unknown, [1, 0]),
    setting("nginx/unbuffered.conf", "die", DIES, Unknown, [1, 1]),
    setting("nginx/short-timeout.conf", "late", LATE, Unknown, [1, 1]),
    setting("nginx/redirect.conf", "die", DIES, Unknown, [1, 1]),
    setting("nginx/not-found.conf", "die", DIES, Unknown, [1, 1]),
    setting("nginx/sign-in-page.conf", "die", DIES, Unknown, [1, 1]),
    setting("nginx/auth-request.conf", "accept", "isn't reached", NotAccepted, [0, 0]),
    Setting { bytes: LARGE, ..setting("nginx/body-limit.conf", "accept", "isn't reached", NotAccepted, [0, 0]) },
    setting("nginx/repeats.conf", "die,rate-limit", "accepts the file and dies; refuses the repetition with 429", Unknown, [2, 1]),
    setting("nginx/repeats.conf", "die,accept", "accepts the file and dies; accepts the repetition", Doubled, [2, 2]),
    setting("nginx/repeats.conf", "die,invalid,accept", "accepts the file and dies; refuses the repetition with 400 as Knosc does", Doubled, [3, 2]),
    setting("haproxy/default.cfg", "late", LATE, Completed, [1, 1]),
    setting("haproxy/default.cfg", "die", DIES, Unknown, [1, 1]),
    setting("haproxy/short-timeout.cfg", "late", LATE, Unknown, [1, 1]),
    setting("haproxy/repeats-get.cfg", "die,accept", DIES, Unknown, [1, 1]),
    setting("haproxy/repeats.cfg", "die,rate-limit", "accepts the file and dies; refuses the repetition with 429", Unknown, [2, 1]),
    setting("haproxy/repeats.cfg", "die,accept", "accepts the file and dies; accepts the repetition", Doubled, [2, 2]),
    setting("haproxy/repeats.cfg", "die,session-over,accept", "accepts the file and dies; refuses the repetition with 401 as Knosc does", Doubled, [3, 2]),
];
