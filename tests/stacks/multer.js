// Knosc's documented answers as an Express application whose uploads are read by multer, for tests of what a body is taken for.
//
// Accepts every upload and writes it and what was in it into STACK_FOLDER. Prints its port.

"use strict";

const fs = require("node:fs");
const path = require("node:path");
const express = require("express");
const multer = require("multer");

const folder = process.env.STACK_FOLDER;
const app = express();
const upload = multer({ storage: multer.memoryStorage() });

app.post(["/api/authenticate", "/api/token-refresh"], (request, response) => {
  for (const [kind, where] of [["access", "/"], ["refresh", "/api/token-refresh"]]) {
    response.cookie(`${kind}_token_cookie`, `${kind}-token`, { path: where, httpOnly: true, sameSite: "lax" });
    response.cookie(`csrf_${kind}_token`, `csrf-${kind}`, { path: where, sameSite: "lax" });
  }
  response.json({ login: true });
});

app.get("/api/validate-privileges", (request, response) => response.json({ access: true }));
app.get("/api/templates", (request, response) => response.json({ templates: [] }));

app.get("/api/job", (request, response) => {
  const done = { status: "completed", rows_processed: 2, errors: [], completed_at: "2024-06-01T08:45:22Z" };
  response.json({ jobs: JSON.parse(request.query.jobs).map((job) => ({ ...job, ...done })) });
});

app.post("/api/job/:trigger", upload.any(), (request, response) => {
  const { trigger } = request.params;
  const [file] = request.files;
  const parts = request.files.length + Object.keys(request.body).length;
  const part = { trigger, name: file.originalname, size: file.buffer.length, parts };
  fs.writeFileSync(path.join(folder, "content"), file.buffer);
  fs.appendFileSync(path.join(folder, "accepted"), JSON.stringify(part) + "\n");
  fs.appendFileSync(path.join(folder, "posts"), trigger + "\n");
  response.json({ message: "File uploaded. Processing started.", job_id: `${trigger}-upload-1`, status: "queued" });
});

const server = app.listen(0, "127.0.0.1", () => console.log(server.address().port));
