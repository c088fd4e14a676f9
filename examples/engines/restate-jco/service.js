// A Restate service: `load` sends files in the order given, each as a durable step, and polls with durable sleeps between.
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http2";
import { basename } from "node:path";
import { _setEnv } from "@bytecodealliance/preview2-shim/cli";
import { _setPreopens } from "@bytecodealliance/preview2-shim/filesystem";

// The SDK uses it, Node 20 lacks it.
Promise.withResolvers ??= function () {
  const made = {};
  made.promise = new this((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
};
const restate = await import("@restatedev/restate-sdk");
const { importer } = await import("./knosc/knosc.js");

const { KNOSC_URL, KNOSC_USERNAME, KNOSC_PASSWORD } = process.env;
_setEnv({ KNOSC_USERNAME, KNOSC_PASSWORD });
_setPreopens({});
const connection = { baseUrl: KNOSC_URL, auth: { tag: "environment" } };

/** What a call answered, as JSON for the journal: `{ok}` or `{fault}`. Steps never throw, so that Restate repeats none by itself. */
function answer(call) {
  const plain = (value) => JSON.parse(JSON.stringify(value, (_, item) => (typeof item === "bigint" ? Number(item) : item)));
  try {
    return { ok: plain(call()) };
  } catch (error) {
    if (error.payload === undefined) return { fault: { tag: "permanent-outcome-unknown", val: { message: String(error) } } };
    return { fault: plain(error.payload) };
  }
}

const upload = (trigger, path) =>
  answer(() => importer.upload(connection, { trigger, name: basename(path), content: { tag: "bytes", val: readFileSync(path) } }));

const terminal = (trigger, fault) =>
  new restate.TerminalError(`${trigger}: ${fault.tag}: ${JSON.stringify(fault.val)}`, { errorCode: 409 });

/** Sends a file once. A step that was begun by another process than this one may have sent it: nobody repeats that. */
async function accepted(ctx, trigger, path) {
  for (let tries = 1; ; tries++) {
    const mine = randomUUID();
    const begun = await ctx.run(`${trigger} begun`, () => mine);
    const { ok, fault } = await ctx.run(`${trigger} upload`, () =>
      begun === mine
        ? upload(trigger, path)
        : { fault: { tag: "permanent-outcome-unknown", val: { message: "the service ended during the upload; look in Knosc" } } });
    if (ok) return ok.job;
    if (fault.tag !== "transient" || tries === 5) throw terminal(trigger, fault);
    await ctx.sleep(fault.val.retryAfterMs ?? 1000 * tries);
  }
}

async function finished(ctx, trigger, job) {
  for (let polls = 1; ; polls++) {
    const { ok, fault } = await ctx.run(`${trigger} poll`, () => answer(() => importer.requireFinished(connection, job)));
    if (ok) return ok;
    if (fault.tag !== "not-finished" && fault.tag !== "transient") throw terminal(trigger, fault);
    await ctx.sleep(Math.min(1000 * polls, 30_000));
  }
}

const knosc = restate.service({
  name: "knosc",
  // Longer than the longest upload, during which Node answers nothing else.
  options: { inactivityTimeout: { minutes: 30 }, abortTimeout: { minutes: 30 } },
  handlers: {
    load: async (ctx, files) => {
      const lines = [];
      for (const [trigger, path] of files) {
        const report = await finished(ctx, trigger, await accepted(ctx, trigger, path));
        lines.push(`${trigger} ${report.status.tag} ${report.rowsProcessed ?? "?"} rows`);
        if (report.status.tag !== "completed") {
          throw new restate.TerminalError(`${lines.join("; ")}: ${JSON.stringify(report.errors.slice(0, 3))}`, { errorCode: 422 });
        }
      }
      return lines;
    },
  },
});

// On this machine only: whoever reaches this port can call the handlers.
createServer(restate.createEndpointHandler({ services: [knosc] })).listen(9080, "127.0.0.1");
