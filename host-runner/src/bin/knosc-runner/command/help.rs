//! `help`: verbs by clap, topics by hand.
//!
//! Prints to stdout, since help that was asked for is a result.

use clap::CommandFactory as _;

use crate::args::{Cli, Help};
use crate::exit::{self, Exit};
use crate::problem::Problem;
use crate::render::print;

const ENV: &str = "\
Environment of knosc-runner

Every flag has a variable: KNOSC_ and the flag in capitals, --base-url as KNOSC_BASE_URL.
A profile of the configuration file (--profile NAME, $XDG_CONFIG_HOME/knosc-runner/config.toml) holds flags too: [profile.acme] and a
line a flag, base-url = \"https://acme.knosc.com\", allow-drop = \"7%\". A manifest may name one too, profile = \"acme\". Typed goes before
variables, those before what a manifest says of its files and of waiting, and that before the profile; knosc-runner config show
--origin [IMPORT.TOML] says which it is.

Secrets are never arguments, since other users of a machine see those:

  KNOSC_USERNAME      the user name or e-mail address
  KNOSC_PASSWORD      the password
  KNOSC_TOTP_SECRET   the base32 secret of an authenticator, or one code of six digits

Each of the three also comes from the first line of a file (--password-file), from what a command prints (--password-command),
or from standard input (--password-stdin), there a line each in the order above. knosc-runner login asks for what is missing.
With user name and password set, no verb needs a login first.
HTTPS_PROXY, NO_PROXY, NO_COLOR, CLICOLOR_FORCE, XDG_STATE_HOME, XDG_CACHE_HOME and XDG_CONFIG_HOME mean what they mean elsewhere.
";

const RUNS: &str = "\
Runs of knosc-runner, and the journal that keeps them

Each run and each upload is a run: its id is in the first lines. What happens to its files is written to journal.db of the state
folder (--state, else $XDG_STATE_HOME/knosc-runner) before it is acted on, so that a run can be killed at any moment.

  resume [RUN]      goes on: what cannot have arrived is sent, if the file is as it was; what was accepted is polled
  runs list, show   what is known; where an outcome is unknown, what can be looked up in Knosc (in JSON: check of its step)
  runs resolve      what you found out: --accepted JOB-ID or --not-accepted
  runs accept-restored
                    uses a journal that may have lost what was sent, such as one from a backup: what may be missing is then unknown
  runs unlock       after a process on another host ended, where locks do not hold between machines

The same file again, by its content, to the same tenant and trigger (a file that was not touched on a local disk, by its change time,
is not read for that):

  unknown                    nothing is sent to that trigger (6) until somebody decides
  pending or lost            refused (12): resume that run, or decide
  completed, nothing since   run skips it as unchanged, upload refuses it (12); --unchanged skip|send|refuse chooses
  failed or refused          sent

What a file leaves out: of each file that completed its keys are kept, as hashes, for each tenant and trigger. The next file that
refreshes is compared with them before anything is sent. REFRESH closes (procurement, demand, manufacturing), archives (forecast),
replaces (inventory) or may close (masters, mappings) what it leaves out: more than 5% is refused (7), or more than --allow-drop N | N%,
or allow-drop of the manifest. The key is what is known of the columns, or key = [\"PO Number\", \"Line\"] of the manifest; without one,
rows are counted. Rows that ADD, UPDATE or DELETE close nothing else. A file that failed, is not known, or was not looked into
(--no-check, pipelines) makes the comparison stale, and it says so. What others load, or from another state folder, is not known.

Two processes with one tenant and trigger: one sends, the other ends with 9. The state folder has to be on a disk of this machine. Its
journal.db, journal.db-wal and journal.generation belong together: a journal without the others, or older than they are, is refused (2).
";

const PIPELINES: &str = "\
Pipelines: components that tenants bring

A pipeline is a WebAssembly component of the world knosc:bulk-import/tenant. It gets files (--input), may write new ones, and reaches
Knosc through jobs alone. Whose it is (--tenant) and what it may use stands in the operator's file (--tenants, tenants.toml): Knosc's
address, where user name and password are, limits, further origins. examples/tenants.toml shows every key.

  pipeline check FILE --tenant T   whether it would be taken; each refusal names the import or figure, and the line that would allow it
  pipeline run FILE --tenant T     compiles it in a process with limits, runs it in a sandbox, and reports what it loaded

Each call of jobs that sends files is a run of the journal, under the rules of help journal: the same file again, unknown outcomes, one
at a time. The exit code and the lines of files come from there. What the pipeline returns is a note: it makes no failure better, and an
error of its own ends with 8 where nothing worse holds. A limit or denial that ended it ends with 11.

  --limit memory=64 MiB   less than the operator gives, for this call; more is refused (11)
  runs show RUN           has what the pipeline wrote too, which is told on stderr while it runs
  resume RUN --tenant T   goes on with such a run, signed in as that tenant; without it as the user of this shell. Files that the pipeline
                          made are gone

Compiled pipelines are kept in $XDG_CACHE_HOME/knosc-runner/pipelines; files that a pipeline makes are on the disk of $TMPDIR, without a name, and end with the process. A sign-in that Knosc refused is not tried
by the next process. Pipelines are kept up to [compile] kept of the operator's file.
";

const EVENTS: &str = "\
Events of --output ndjson: one JSON object a line on stdout, each with schema, type, ts, run_id and seq

  run_started       verb, tenant
  step_planned      position, trigger, file, path, bytes, reason
  check_finding     code, severity, file, sheet, line, cell, column, key, message, hint, more (how many like it are not listed)
  refresh_compared  trigger, file, effect, comparison (keys, rows, nothing, exempt, not-read), left_out, of, run (compared with),
                    stale, stale_since_run, allowed, refused, message
  check_finished    counts, exit_code; of check alone
  upload_progress   trigger, file, sent_bytes, total_bytes; at most one a second
  upload_accepted   trigger, file, job_id
  upload_unknown    trigger, file, message: the file may have been accepted
  job_status        trigger, job_id, status, rows_processed, errors
  auth_refreshed    the session was renewed
  row_error         trigger, file, job_id, row, message; the row is Knosc's own number
  step_finished     trigger, file, outcome
  run_finished      exit_code, poll, resume
  pipeline_started  verb, tenant; then pipeline_log (stream, text), upload_progress, upload_accepted, job_status, row_error and step_finished with the run_id of each run
  pipeline_finished end, note, limit, denials, denied, used, exit_code
  error             on stderr: code, message, known, hint, exit_code

Fields are added and never renamed: ignore what you do not know. The schemas are docs/schemas of the repository.
";

pub fn execute(args: &Help) -> Result<Exit, Problem> {
    let mut command = Cli::command();
    match args.topic.as_deref() {
        None => print(&command.render_long_help().to_string()),
        Some("exit-codes") => print(exit::TOPIC),
        Some("env") => print(ENV),
        Some("events") => print(EVENTS),
        Some("journal") => print(RUNS),
        Some("pipelines") => print(PIPELINES),
        Some("files") => print(&files()),
        Some(topic) => {
            command.build();
            let Some(verb) = command.find_subcommand_mut(topic) else {
                return Err(Problem::Usage {
                    message: format!("there is no help on '{topic}'"),
                    hint: "topics are exit-codes, env, files, events, journal and pipelines; every verb is one too",
                });
            };
            print(&verb.render_long_help().to_string());
        }
    }
    Ok(Exit::Done)
}

fn files() -> String {
    let names = knosc_runner::manifest::names::understood().replace(", ", "\n  ");
    format!(
        "Files that knosc-runner sends\n\n.xlsx and .csv, whole: REFRESH closes what a file leaves out, so that files are never split.\n\
         In a folder, names mean triggers, in any case, with a date or -export after them:\n\n  {names}\n\n\
         How much a file may leave out of what was loaded before: knosc-runner help journal.\n\n\
         Other names with --map 'PATTERN=TRIGGER'. Hidden files are passed over.\n"
    )
}
