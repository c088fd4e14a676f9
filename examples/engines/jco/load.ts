// Loads files into Knosc, one after the other: `node load.js TRIGGER=FILE…`. Stops at the first that did not complete.
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { _setEnv } from "@bytecodealliance/preview2-shim/cli";
import { _setPreopens } from "@bytecodealliance/preview2-shim/filesystem";
import { importer } from "./knosc/knosc.js";
import type { Connection, Content, Fault, JobReport } from "./knosc/interfaces/knosc-bulk-import-importer.js";

const { KNOSC_URL = "", KNOSC_USERNAME = "", KNOSC_PASSWORD = "", CONTENT = "bytes" } = process.env;
// By default jco gives a component the whole environment and the whole file system.
_setEnv({ KNOSC_USERNAME, KNOSC_PASSWORD });
const folders = CONTENT === "path" ? { "/exports": "exports" } : {};
// The shim's types are those of its browser half; Node's takes folders by their names.
_setPreopens(folders as Parameters<typeof _setPreopens>[0]);

const connection: Connection = { baseUrl: KNOSC_URL, auth: { tag: "environment" } };

/** A fault that a function of the component answered; anything else that is thrown is a bug or a trap. */
function faultOf(error: unknown): Fault {
  const fault = (error as { payload?: Fault }).payload;
  if (fault === undefined) throw error;
  return fault;
}

/** Polls once every second until the job ended; the component itself never waits. */
async function finished({ job }: JobReport): Promise<JobReport> {
  for (;;) {
    try {
      return importer.requireFinished(connection, job);
    } catch (error) {
      const fault = faultOf(error);
      if (fault.tag !== "not-finished" && fault.tag !== "transient") throw error;
      await sleep(1000);
    }
  }
}

for (const word of process.argv.slice(2)) {
  const [trigger = "", path = ""] = word.split("=", 2);
  try {
    const content: Content =
      CONTENT === "path" ? { tag: "path", val: `/${path}` } : { tag: "bytes", val: readFileSync(path) };
    const file = { trigger, name: basename(path), content };
    const report = await finished(importer.upload(connection, file));
    console.log(trigger, report.status.tag, `${report.rowsProcessed ?? "?"} rows`);
    for (const { row, message } of report.errors) console.log(`  row ${row ?? "?"}: ${message}`);
    if (report.status.tag === "completed") continue;
  } catch (error) {
    const fault = faultOf(error);
    console.log(trigger, fault.tag, "val" in fault ? fault.val : "");
  }
  process.exitCode = 1;
  break;
}
