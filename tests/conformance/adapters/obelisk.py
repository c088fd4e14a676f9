"""Plays calls of the table through Obelisk: `obelisk.py OBELISK COMPONENT`. A server for each environment, since Obelisk reads it at its start.

One line of JSON a call, one an answer. Each call is an execution of its own, submitted and followed over Obelisk's API.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

from calls import play

OBELISK, COMPONENT = map(os.path.abspath, sys.argv[1:])
# Longer than the longest call of the table.
LOCK_SECONDS = 100
# Fields that hold a variant, which Obelisk writes as a bare text where a case has no value.
VARIANTS = ("status", "outcome")

SERVER = """
api.listening_addr = "127.0.0.1:{port}"
external.enabled = false
webui.enabled = false
database.sqlite.directory = "{folder}/state"
[wasm]
cache_directory = "{cache}/wasm"
codegen_cache.directory = "{cache}/codegen"
"""

# Every origin, since each case has another one; the page's own commands try a list of one.
DEPLOYMENT = """
[[activity_wasm]]
name = "knosc"
location = "{component}"
max_retries = 0
exec.lock_expiry.seconds = {lock}
env_vars = {names}
[[activity_wasm.allowed_host]]
pattern = "*://*:*"
methods = "*"
"""


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Server:
    def __init__(self, folder, cache, environment):
        os.makedirs(folder)
        self.url = f"http://127.0.0.1:{free_port()}"
        names = json.dumps(list(environment))
        texts = {
            "server.toml": SERVER.format(port=self.url.rsplit(":", 1)[1], folder=folder, cache=cache),
            "deployment.toml": DEPLOYMENT.format(component=COMPONENT, lock=LOCK_SECONDS, names=names),
        }
        for name, text in texts.items():
            with open(os.path.join(folder, name), "w") as file:
                file.write(text)
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("KNOSC_")}
        command = [OBELISK, "server", "run", "--server-config", f"{folder}/server.toml", "--deployment", f"{folder}/deployment.toml"]
        with open(os.path.join(folder, "log"), "w") as log:
            self.process = subprocess.Popen(command, env={**inherited, **environment}, stdout=log, stderr=log)
        began = time.monotonic()
        while True:
            try:
                with urllib.request.urlopen(f"{self.url}/v1/functions", timeout=5):
                    return
            except (urllib.error.URLError, OSError):
                if self.process.poll() is not None or time.monotonic() - began > 60:
                    with open(os.path.join(folder, "log")) as log:
                        raise RuntimeError(log.read()[-2000:]) from None
                time.sleep(0.1)

    def call(self, name, arguments):
        body = json.dumps({"ffqn": name, "params": arguments}).encode()
        headers = {"content-type": "application/json", "accept": "application/json"}
        request = urllib.request.Request(f"{self.url}/v1/executions?follow=true", body, headers)
        with urllib.request.urlopen(request, timeout=LOCK_SECONDS) as answer:
            return json.load(answer)


def snake(name):
    return name.replace("-", "_")


def kebab(name):
    return name.replace("_", "-")


def to_obelisk(value):
    if isinstance(value, list):
        return [to_obelisk(item) for item in value]
    if isinstance(value, dict) and "tag" in value:
        return {snake(value["tag"]): to_obelisk(value["val"])} if "val" in value else snake(value["tag"])
    if isinstance(value, dict):
        return {snake(name): to_obelisk(item) for name, item in value.items()}
    return value


def to_table(value, field=None):
    if isinstance(value, list):
        return [to_table(item) for item in value]
    # No record of the contract has a single field.
    if isinstance(value, dict) and len(value) == 1:
        [(case, inner)] = value.items()
        return {"tag": kebab(case), "val": to_table(inner)}
    if isinstance(value, dict):
        return {kebab(name): to_table(item, name) for name, item in value.items()}
    if isinstance(value, str) and field in VARIANTS:
        return {"tag": kebab(value)}
    return value


def holds_path(value):
    if isinstance(value, dict):
        return value.get("tag") == "path" or any(map(holds_path, value.values()))
    return isinstance(value, list) and any(map(holds_path, value))


def answer(call, server_for):
    if holds_path(call["arguments"]):
        return {"cannot": "Obelisk opens no folder for a component"}
    name = f"{call['interface']}.{call['function']}"
    try:
        said = server_for(call["environment"]).call(name, [to_obelisk(value) for value in call["arguments"]])
    except urllib.error.HTTPError as error:
        if error.code == 413:
            return {"cannot": "Obelisk's API takes 2 MiB of JSON"}
        return {"failed": f"{error}: {error.read()[:600]}"}
    if "ok" in said:
        # The only answer that is a variant itself.
        return {"ok": to_table(said["ok"], "outcome" if call["function"] == "login" else None)}
    return {"err": to_table(said["error"], "outcome")} if "error" in said else {"failed": json.dumps(said)}


with tempfile.TemporaryDirectory() as folder:
    servers = {}

    def server_for(environment):
        key = json.dumps(environment, sort_keys=True)
        if key not in servers:
            servers[key] = Server(f"{folder}/{len(servers)}", f"{folder}/cache", environment)
        return servers[key]

    try:
        play(lambda call: answer(call, server_for))
    finally:
        for server in servers.values():
            server.process.kill()
            server.process.wait()
