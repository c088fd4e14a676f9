// Plays calls of the table through jco: `node jco.mjs COMPONENT`, in a folder with node_modules. With jco's own client, since each case
// has another origin. One line of JSON a call, one an answer.

import { execFileSync } from "node:child_process";
import { createInterface } from "node:readline";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const folder = resolve("plain");
execFileSync("node_modules/.bin/jco", ["transpile", process.argv[2], "-q", "--name", "knosc", "-o", folder]);
const shim = (name) => import(pathToFileURL(createRequire(folder + "/x.js").resolve(`@bytecodealliance/preview2-shim/${name}`)));
const [cli, filesystem, knosc] = [await shim("cli"), await shim("filesystem"), await import(pathToFileURL(folder + "/knosc.js"))];

// Of type u64 in the contract, which JavaScript passes as BigInt.
const LONG = new Set(["atMs", "size", "queuedMaxMs", "runningMaxMs", "rowsProcessed", "errorsOmitted", "retryAfterMs", "row"]);
const camel = (name) => name.replace(/-([a-z])/g, (_, letter) => letter.toUpperCase());
const kebab = (name) => name.replace(/[A-Z]/g, (letter) => "-" + letter.toLowerCase());

function toValue(value, name) {
  if (value === null) return undefined;
  if (typeof value === "number" && LONG.has(name)) return BigInt(value);
  if (Array.isArray(value)) return value.map((item) => toValue(item));
  if (typeof value !== "object") return value;
  if (value.tag === "bytes") return { tag: "bytes", val: Uint8Array.from(value.val) };
  if ("tag" in value) return { tag: value.tag, val: toValue(value.val ?? null) };
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [camel(key), toValue(item, camel(key))]));
}

function toJson(value) {
  if (value === undefined || value === null) return null;
  if (typeof value === "bigint") return Number(value);
  if (Array.isArray(value) || ArrayBuffer.isView(value)) return Array.from(value, toJson);
  if (typeof value !== "object") return value;
  if ("tag" in value) return { tag: value.tag, val: toJson(value.val) };
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [kebab(key), toJson(item)]));
}

function answer(call) {
  cli._setEnv(call.environment);
  filesystem._setPreopens({ "/in": call.folder });
  const one = knosc[call.interface.split("/")[1].split("@")[0]];
  const values = call.arguments.map((value) => toValue(value));
  if (call.function === "next") values[3] = BigInt(values[3]);
  try {
    return { ok: toJson(one[camel(call.function)](...values)) };
  } catch (error) {
    // What the component answered; anything else is the engine's.
    if (error?.payload === undefined) throw error;
    return { err: toJson(error.payload) };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  let said;
  try {
    said = answer(JSON.parse(line));
  } catch (error) {
    said = { failed: String(error?.stack ?? error) };
  }
  process.stdout.write(JSON.stringify(said) + "\n");
}
process.exit(0);
