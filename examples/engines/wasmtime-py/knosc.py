"""Loads one file into Knosc: `python knosc.py TRIGGER FILE`. Three calls of the component; import it from any orchestrator."""

import json
import os
import sys
import time

from wasmtime import Engine, Store, WasiConfig
from wasmtime.component import Component, Linker, Record, Variant

engine = Engine()
component = Component.from_file(engine, os.environ["KNOSC_COMPONENT"])
linker = Linker(engine)
linker.add_wasip2()
linker.add_wasi_http()


class Fault(Exception):
    """What the component's fault says; its name begins with `permanent` where nobody may call again."""

    def __init__(self, fault):
        self.name = fault.tag
        super().__init__(f"{fault.tag}: {json.dumps(fault.payload, default=vars)}")


def record(fields):
    made = Record()
    vars(made).update(fields)
    return made


def call(function, *arguments, folder=None):
    """Calls a function of the importer in a store of its own, which sees two variables and at most one folder."""
    store, wasi = Store(engine), WasiConfig()
    wasi.env = [(name, os.environ[name]) for name in ("KNOSC_USERNAME", "KNOSC_PASSWORD") if name in os.environ]
    if folder:
        wasi.preopen_dir(folder, "/exports", False)
    store.set_wasi(wasi)
    store.set_wasi_http()
    instance = linker.instantiate(store, component)
    importer = instance.get_export_index(store, "knosc:bulk-import/importer@0.1.0")
    connection = record({"base-url": os.environ["KNOSC_URL"], "auth": Variant("environment")})
    answer = instance.get_func(store, instance.get_export_index(store, function, importer))(store, connection, *arguments)
    if isinstance(answer, Variant):
        raise Fault(answer)
    return answer


def upload(trigger, path):
    """Sends a file once and gives its job's id. A second call is a second upload."""
    folder, name = os.path.split(os.path.abspath(path))
    content = Variant("path", f"/exports/{name}")
    file = record({"trigger": trigger, "name": name, "content": content, "sha256": None})
    return vars(call("upload", file, folder=folder).job)["job-id"]


def finished(trigger, job_id):
    """The job's report as a dictionary, once it completed or failed; a `not-finished` fault until then."""
    report = call("require-finished", record({"trigger": trigger, "job-id": job_id}))
    return json.loads(json.dumps(vars(report), default=vars))


if __name__ == "__main__":
    job_id = upload(sys.argv[1], sys.argv[2])
    print("accepted", job_id, flush=True)
    while True:
        try:
            report = finished(sys.argv[1], job_id)
            break
        except Fault as fault:
            if fault.name not in ("not-finished", "transient"):
                raise
            time.sleep(1)
    print(report["status"]["tag"], report["rows-processed"], "rows", json.dumps(report["errors"]))
    sys.exit(report["status"]["tag"] != "completed")
