"""A Prefect flow: `python flow.py LOAD TRIGGER=FILE…`, in the order given. Each file of a load is sent once, however often it runs."""

import hashlib
import sys
from pathlib import Path

from prefect import flow, task
from prefect.cache_policies import INPUTS
from prefect.states import State

import knosc


STARTED = Path("started")


def may_repeat(_task, _run, state: State) -> bool:
    """Only what the component calls `transient` or `not-finished` may be called again."""
    fault = state.result(raise_on_failure=False)
    return isinstance(fault, knosc.Fault) and fault.name in ("transient", "not-finished")


@task(retries=5, retry_delay_seconds=1, retry_condition_fn=may_repeat, persist_result=True, cache_policy=INPUTS)
def upload(load: str, trigger: str, path: str, sha256: str) -> str:
    """Cached by load, trigger, file and digest: a flow that is run again finds the job and sends nothing.

    A mark is made before the file is sent and removed where Knosc has not taken it, so that an attempt that died is never repeated.
    """
    STARTED.mkdir(exist_ok=True)
    mark = STARTED / f"{load} {trigger} {sha256[:12]}"
    try:
        mark.touch(exist_ok=False)
    except FileExistsError:
        raise RuntimeError(f"{path} was sent before and nobody knows what became of it: look in Knosc, then remove '{mark}'") from None
    try:
        return knosc.upload(trigger, path)
    except knosc.Fault as fault:
        if fault.name != "permanent-outcome-unknown":
            mark.unlink()
        raise


@task(retries=600, retry_delay_seconds=1, retry_condition_fn=may_repeat)
def finished(trigger: str, job_id: str) -> dict:
    """Polls once an attempt; Prefect waits between them."""
    return knosc.finished(trigger, job_id)


@flow(log_prints=True)
def load_exports(load: str, files: list[tuple[str, str]]):
    for trigger, path in files:
        with open(path, "rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        report = finished(trigger, upload(load, trigger, path, sha256))
        print(trigger, report["status"]["tag"], report["rows-processed"], "rows")
        if report["status"]["tag"] != "completed":
            raise RuntimeError(f"{trigger}: {report['errors'][:3]}")


if __name__ == "__main__":
    load_exports(sys.argv[1], [tuple(word.split("=", 1)) for word in sys.argv[2:]])
