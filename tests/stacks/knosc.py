"""Knosc's documented answers as a Flask application, for tests that put real servers in front of it.

Says of each upload whether it was accepted, in a file that survives its process: what a proxy or a client believes does
not count. What it does with an upload is in STACK_PLAN, a word for each upload in turn; the last one also holds for
those after it. Two processes with one STACK_FOLDER share the count. Imports no file.
"""

import fcntl
import json
import os
import time

from flask import Flask, jsonify, request

FOLDER = os.environ["STACK_FOLDER"]
PLAN = os.environ["STACK_PLAN"].split(",")

# Longer than the short timeouts of the proxies, shorter than the client's patience.
LATE_S = 3

# Answers to uploads that are not accepted, by the word of the plan.
REFUSALS = {
    "invalid": (400, {"Message": "Bad Request Format", "Code": "JSON.Invalid"}),
    "rate-limit": (429, {"Message": "Too many requests", "Code": "Request.Limited"}),
    "session-over": (401, {"msg": "Token has expired"}),
    "no-token": (422, {"msg": "Missing CSRF token"}),
}

app = Flask(__name__)


def append(name, line):
    """Adds a line that is on the disk afterwards; gives how many the file has."""
    with open(os.path.join(FOLDER, name), "a+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(line + "\n")
        file.flush()
        os.fsync(file.fileno())
        file.seek(0)
        return len(file.readlines())


@app.get("/api/stack")
def stack():
    return jsonify(folder=FOLDER)


@app.post("/api/authenticate")
@app.post("/api/token-refresh")
def authenticate():
    append("sign-ins", request.path)
    answer = jsonify(login=True)
    for kind, path in [("access", "/"), ("refresh", "/api/token-refresh")]:
        answer.set_cookie(f"{kind}_token_cookie", f"{kind}-token", path=path, httponly=True, samesite="Lax")
        answer.set_cookie(f"csrf_{kind}_token", f"csrf-{kind}", path=path, samesite="Lax")
    return answer


@app.get("/api/validate-privileges")
def validate_privileges():
    return jsonify(access=True)


@app.get("/api/templates")
def templates():
    return jsonify(templates=[])


@app.get("/api/job")
def jobs():
    done = {"status": "completed", "rows_processed": 2, "errors": [], "completed_at": "2024-06-01T08:45:22Z"}
    return jsonify(jobs=[job | done for job in json.loads(request.args["jobs"])])


@app.post("/api/job/<trigger>")
def upload(trigger):
    if request.headers.get("X-XSRF-TOKEN") != "csrf-access" or "access_token_cookie" not in request.cookies:
        return jsonify(msg="Missing cookie or CSRF token"), 401
    # Reads the body whole, as a form is read.
    files, fields = request.files, request.form
    what = PLAN[min(append("posts", trigger), len(PLAN)) - 1]
    if what in REFUSALS:
        status, body = REFUSALS[what]
        return jsonify(body), status
    content = files["file"].read()
    parts = sum(1 for _ in files.items(multi=True)) + sum(1 for _ in fields.items(multi=True))
    part = {"trigger": trigger, "name": files["file"].filename, "size": len(content), "parts": parts}
    with open(os.path.join(FOLDER, "content"), "wb") as file:
        file.write(content)
    number = append("accepted", json.dumps(part))
    if what == "die":
        os._exit(1)
    if what == "late":
        time.sleep(LATE_S)
    job_id = f"{trigger}-upload-{number}"
    return jsonify(message="File uploaded. Processing started.", job_id=job_id, status="queued")
