"""A tenant's pipeline: makes one file of the exports of several plants, and loads it.

Knosc closes the lines that a file leaves out: loaded one after the other, the second plant's export would close what the first
one brought. So they go as one file, or not at all.

Settings of the tenant: `trigger`, such as `inventory`, and `key`, the column that names a row.
"""

import codecs
import csv
import io

from componentize_py_types import Err
from wit_world.exports import Pipeline as World
from wit_world.imports import jobs, pieces, scratch
from wit_world.imports.types import Outcome_Completed, Outcome_Unchanged, Policy

# Looked up here, while the component is built: later there is no file that a module or an encoding could be loaded from.
DECODER = codecs.getincrementaldecoder("utf-8-sig")

# `pieces` and `scratch` take 1 MiB a call; fewer and larger calls are faster, and cost memory.
READ_BYTES = 256 * 1024
WRITE_BYTES = 512 * 1024

SECOND_MS = 1_000
HOUR_MS = 3_600 * SECOND_MS


class Refused(Exception):
    """Why nothing is loaded, for people."""


class Pipeline(World):
    def run(self, inputs, settings):
        try:
            return load(inputs, dict(settings))
        except Refused as error:
            raise Err(str(error))
        except Err as error:
            raise Err(f"the host said no: {error.value}")
        except Exception as error:
            # Whatever leaves `run` in another way ends as a trap, without a word: there is nowhere to print it.
            raise Err(f"{type(error).__name__}: {error}")


def load(inputs, settings):
    trigger, key = setting(settings, "trigger"), setting(settings, "key")
    if not inputs:
        raise Refused("there is no input: give the export of each plant")
    writer = scratch.create(f"{trigger}.csv")
    rows = merge(inputs, key, writer)
    if rows == 0:
        raise Refused("no export has a row")
    step = jobs.Step(trigger, scratch.finish(writer))
    report = jobs.run_ordered([step], Policy(SECOND_MS, 30 * SECOND_MS, 4 * HOUR_MS, 2 * HOUR_MS, False))
    outcome = report.steps[0].outcome
    if isinstance(outcome, Outcome_Unchanged):
        return f"the {rows} rows of {len(inputs)} files are what was loaded before"
    if not isinstance(outcome, Outcome_Completed):
        raise Refused(f"it was not completed: {outcome}")
    return f"{rows} rows of {len(inputs)} files were loaded"


def setting(settings, name):
    if name not in settings:
        raise Refused(f"the setting '{name}' is missing")
    return settings[name]


def merge(inputs, key, writer):
    """Writes one table, and gives the number of its rows. A row that two plants have alike is written once."""
    seen, columns, place = {}, None, 0
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    for blob in inputs:
        name = blob.name()
        reader = csv.reader(lines(blob), strict=True)
        head = next(reader, None)
        if not head:
            raise Refused(f"{name} is empty")
        if columns is None:
            if key not in head:
                raise Refused(f"{name} has no column '{key}'")
            columns, place = head, head.index(key)
            table.writerow(columns)
        elif head != columns:
            raise Refused(f"{name} has other columns than {inputs[0].name()}")
        for row in filter(None, reader):
            if len(row) != len(columns):
                raise Refused(f"{name}, line {reader.line_num}: {len(row)} fields, {len(columns)} columns")
            before = seen.setdefault(row[place], row)
            if before is row:
                table.writerow(row)
            elif before != row:
                raise Refused(f"{name}, line {reader.line_num}: '{row[place]}' is another row in an earlier file")
            if text.tell() >= WRITE_BYTES:
                flush(text, writer)
    flush(text, writer)
    return len(seen)


def flush(text, writer):
    writer.write(text.getvalue().encode())
    text.seek(0)
    text.truncate()


def lines(blob):
    """The lines of a file, which is never whole in memory."""
    decoder, rest, offset = DECODER(), "", 0
    while piece := pieces.read(blob, offset, READ_BYTES):
        offset += len(piece)
        *whole, rest = (rest + decoder.decode(piece)).split("\n")
        yield from (line + "\n" for line in whole)
    # What has no newline at its end.
    yield rest + decoder.decode(b"", True)
