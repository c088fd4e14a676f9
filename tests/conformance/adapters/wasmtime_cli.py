"""Plays calls of the table through `wasmtime run --invoke`: `wasmtime_cli.py WASMTIME COMPONENT`. A process a call, values as WAVE."""

import os
import re
import subprocess
import sys
import tempfile

from calls import play

WASMTIME, COMPONENT = sys.argv[1:]
# Linux takes no longer argument (MAX_ARG_STRLEN), its end included.
ARGUMENT_BYTES_MAX = 128 * 1024 - 1
PLAIN = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def quoted(text):
    return '"' + "".join(PLAIN.get(c) or (f"\\u{{{ord(c):x}}}" if ord(c) < 32 else c) for c in text) + '"'


def to_wave(value):
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, list):
        return "[" + ", ".join(map(to_wave, value)) + "]"
    if isinstance(value, dict) and "tag" in value:
        return value["tag"] + (f"({to_wave(value['val'])})" if "val" in value else "")
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {to_wave(item)}" for name, item in value.items()) + "}"
    return str(value)


TOKEN = re.compile(r'\s*(?:(?P<text>"(?:[^"\\]|\\.)*")|(?P<number>-?\d+)|(?P<name>%?[a-z][a-z0-9-]*)|(?P<mark>[\[\]{}(),:]))', re.S)
ESCAPE = re.compile(r"\\(?:u\{([0-9a-f]+)\}|(.))", re.S)
ESCAPED = {"n": "\n", "r": "\r", "t": "\t"}


class Wave:
    """Reads what wasmtime prints, as the table's JSON."""

    def __init__(self, text):
        self.tokens = [match for match in TOKEN.finditer(text)]
        self.at = 0

    def peek(self):
        return self.tokens[self.at].group().strip() if self.at < len(self.tokens) else ""

    def take(self, expected=None):
        token = self.tokens[self.at]
        if expected and self.peek() != expected:
            raise ValueError(f"{expected} wanted, {self.peek()} found")
        self.at += 1
        return token

    def items(self, end, item):
        found = []
        while self.peek() != end:
            found.append(item())
            if self.peek() == ",":
                self.take()
        self.take(end)
        return found

    def field(self):
        name = self.take().group("name")
        self.take(":")
        return name, self.value()

    def value(self):
        token = self.take()
        if token.group("text"):
            plain = lambda m: chr(int(m[1], 16)) if m[1] else ESCAPED.get(m[2], m[2])
            return ESCAPE.sub(plain, token.group("text")[1:-1])
        if token.group("number"):
            return int(token.group("number"))
        if token.group("mark") == "[":
            return self.items("]", self.value)
        if token.group("mark") == "{":
            return dict(self.items("}", self.field))
        name = token.group("name")
        if name in ("true", "false"):
            return name == "true"
        if self.peek() != "(":
            return None if name == "none" else {"tag": name}
        self.take()
        payload = self.value()
        self.take(")")
        return payload if name == "some" else {"tag": name, "val": payload}


def answer(call, compiled):
    invoke = f"{call['function']}({', '.join(map(to_wave, call['arguments']))})"
    if len(invoke.encode()) > ARGUMENT_BYTES_MAX:
        return {"cannot": "an argument of a command has at most 128 KiB"}
    # A name alone: the value comes from the process's environment and is in no list of processes.
    names = [word for name in call["environment"] for word in ("--env", name)]
    command = [WASMTIME, "run", "--allow-precompiled", "-S", "http", "--dir", f"{call['folder']}::/in", *names, "--invoke", invoke, compiled]
    done = subprocess.run(command, env={**os.environ, **call["environment"]}, capture_output=True, text=True)
    if done.returncode:
        return {"failed": done.stderr}
    result = Wave(done.stdout).value()
    return {result["tag"]: result["val"]}


with tempfile.TemporaryDirectory() as folder:
    # Once for all calls: what `wasmtime run` would do each time.
    compiled = os.path.join(folder, "knosc.cwasm")
    subprocess.run([WASMTIME, "compile", "-o", compiled, COMPONENT], check=True)
    play(lambda call: answer(call, compiled))
