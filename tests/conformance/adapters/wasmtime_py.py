"""Plays calls of the table through wasmtime-py: `wasmtime_py.py COMPONENT`. One line of JSON a call, one an answer; a fresh store a call."""

import sys

from wasmtime import Engine, Store, WasiConfig
from wasmtime.component import Component, Linker, ListType, OptionType, Record, RecordType, U8, Variant, VariantType

from calls import play

engine = Engine()
component = Component.from_file(engine, sys.argv[1])
linker = Linker(engine)
linker.add_wasip2()
linker.add_wasi_http()


def to_value(ty, value):
    if isinstance(ty, RecordType):
        record = Record()
        for name, field in ty.fields:
            setattr(record, name, to_value(field, value.get(name)))
        return record
    if isinstance(ty, VariantType):
        payload = dict(ty.cases)[value["tag"]]
        inner = None if payload is None else to_value(payload, value.get("val"))
        # Cases that Python can tell apart are passed without their tag.
        return Variant(value["tag"], inner) if ty._tagged() else inner
    if isinstance(ty, OptionType):
        return None if value is None else to_value(ty.payload, value)
    if isinstance(ty, ListType):
        return bytes(value) if isinstance(ty.element, U8) else [to_value(ty.element, item) for item in value]
    return value


def to_json(ty, value):
    if isinstance(ty, RecordType):
        return {name: to_json(field, getattr(value, name)) for name, field in ty.fields}
    if isinstance(ty, VariantType):
        payload = dict(ty.cases)[value.tag]
        return {"tag": value.tag} if payload is None else {"tag": value.tag, "val": to_json(payload, value.payload)}
    if isinstance(ty, OptionType):
        return None if value is None else to_json(ty.payload, value)
    if isinstance(ty, ListType):
        return [to_json(ty.element, item) for item in value]
    return value


def answer(call):
    store = Store(engine)
    wasi = WasiConfig()
    wasi.env = list(call["environment"].items())
    wasi.preopen_dir(call["folder"], "/in", False)
    store.set_wasi(wasi)
    store.set_wasi_http()
    instance = linker.instantiate(store, component)
    interface = instance.get_export_index(store, call["interface"])
    function = instance.get_func(store, instance.get_export_index(store, call["function"], interface))
    ty = function.type(store)
    arguments = [to_value(param, value) for (_, param), value in zip(ty.params, call["arguments"], strict=True)]
    result = function(store, *arguments)
    if ty.result._tagged():
        tag, result = result.tag, result.payload
    else:
        # Both are variants only where the result is tagged.
        tag = "err" if isinstance(result, Variant) else "ok"
    return {tag: to_json(ty.result.ok if tag == "ok" else ty.result.err, result)}


play(answer)
