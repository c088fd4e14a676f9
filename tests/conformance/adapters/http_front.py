"""Plays calls of the table through the HTTP front: `http_front.py ENGINE PROGRAM COMPONENT…`, in the engine's folder.

A server for each Knosc and environment, since both are the server's and not the call's. The status has to fit what was answered.
"""

import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading

from calls import play

ENGINE, PROGRAM, *COMPONENTS = sys.argv[1:]
STATUS = {
    "permanent-invalid": 400,
    "permanent-denied": 403,
    "permanent-unauthorized": 403,
    "permanent-rejected": 422,
    "permanent-outcome-unknown": 409,
    "transient": 503,
    "not-finished": 202,
}


class Server:
    """A front that listens on `port`."""

    def stop(self):
        self.process.kill()
        self.process.wait()


class WasmtimeServe(Server):
    """`wasmtime serve` of the composed component, on a port that the system gives."""

    def __init__(self, folder, environment):
        compiled = os.path.join(scratch, "front.cwasm")
        if not os.path.exists(compiled):
            # Once for all servers: what `wasmtime serve` would do each time.
            subprocess.run([PROGRAM, "compile", "-o", compiled, COMPONENTS[0]], check=True)
        names = [word for name in environment for word in ("--env", name)]
        command = [PROGRAM, "serve", "--allow-precompiled", "-S", "cli", "--addr", "127.0.0.1:0", "--dir", f"{folder}::/in", *names, compiled]
        self.process = subprocess.Popen(command, env={**os.environ, **environment}, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        for line in self.process.stderr:
            if "Serving HTTP on " in line:
                self.port = int(line.rsplit(":", 1)[1].strip().strip("/"))
                break
        else:
            raise RuntimeError("the server did not start")
        # What it says further is what it answers too, and has to be read away.
        threading.Thread(target=self.process.stderr.read, daemon=True).start()


class WashDev(Server):
    """`wash dev` of the front and the component, as the page's own configuration, for this Knosc and folder."""

    def __init__(self, folder, environment):
        front, component = map(os.path.abspath, COMPONENTS)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        url = environment["KNOSC_URL"]
        config = {
            "build": {"command": "true", "component_path": front},
            "workload": {"environment": {"config": {"KNOSC_URL": url}}, "allowedHosts": []},
            "dev": {
                "address": f"127.0.0.1:{self.port}",
                # Any port, since files come from another one than Knosc's.
                "components": [{"name": "knosc", "file": component, "environment": {"config": environment}, "allowedHosts": ["127.0.0.1"]}],
                "volumes": [{"host_path": folder, "guest_path": "/in"}],
            },
        }
        os.makedirs(os.path.join(scratch, ".wash"), exist_ok=True)
        with open(os.path.join(scratch, ".wash", "config.yaml"), "w") as file:
            # JSON is YAML.
            json.dump(config, file)
        self.process = subprocess.Popen([os.path.abspath(PROGRAM), "-C", scratch, "dev"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        said = []
        for line in self.process.stdout:
            said.append(line)
            if "listening for HTTP requests" in line:
                break
        else:
            raise RuntimeError("the server did not start: " + "".join(said[-5:]))
        threading.Thread(target=self.process.stdout.read, daemon=True).start()


ENGINES = {"wasmtime-serve": WasmtimeServe, "wasmcloud": WashDev}
running = (None, None)


def server(folder, environment):
    """The one that runs, if it is for these; another one otherwise."""
    global running
    wanted = (folder, tuple(sorted(environment.items())))
    if running[0] != wanted:
        if running[1]:
            running[1].stop()
        running = (None, None)
        running = (wanted, ENGINES[ENGINE](folder, environment))
    return running[1]


def base_url(arguments):
    """Where the call goes: its first argument, or a part of it. The planner's calls go nowhere."""
    first = arguments[0]
    return first if isinstance(first, str) else first.get("base-url", "") if isinstance(first, dict) else ""


def answer(call):
    arguments, function = call["arguments"], call["function"]
    if function == "login" and arguments[1] is None:
        return {"cannot": "the front hands out no session of its own user"}
    interface = call["interface"].split("/")[1].split("@")[0]
    port = server(call["folder"], {**call["environment"], "KNOSC_URL": base_url(arguments)}).port
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=100)
    connection.request("POST", f"/{interface}/{function}", json.dumps(arguments).encode())
    response = connection.getresponse()
    body = response.read()
    connection.close()
    try:
        said = json.loads(body)
    except ValueError:
        return {"failed": f"status {response.status}: {body[:600]!r}"}
    tag = said["err"]["tag"] if "err" in said else None
    if response.status != STATUS.get(tag, 200):
        return {"failed": f"{tag} with status {response.status}"}
    if (tag == "transient") != ("retry-after" in response.headers):
        return {"failed": f"{tag} and Retry-After do not fit"}
    return said


with tempfile.TemporaryDirectory() as scratch:
    try:
        play(answer)
    finally:
        if running[1]:
            running[1].stop()
