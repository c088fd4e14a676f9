//! The table of calls (`tests/conformance/`) through the stock engine's untyped values: what every other engine is measured by.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod component;

use conformance::{Answer, Call, Host, Table, Verdict};
use portable_example::State;
use serde_json::{Map, Value};
use wasmtime::component::{Component, Linker, Type, Val};
use wasmtime::{Engine, Store};
use wasmtime_wasi::{FsPerms, WasiCtxBuilder};

struct Stock {
    runtime: tokio::runtime::Runtime,
    engine: Engine,
    component: Component,
    linker: Linker<State>,
}

impl Stock {
    fn new() -> Self {
        let engine = Engine::default();
        let component = Component::from_binary(&engine, component::bytes()).unwrap();
        let mut linker = Linker::new(&engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker).unwrap();
        wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { runtime, engine, component, linker }
    }

    async fn make(&self, call: &Call<'_>) -> wasmtime::Result<Answer> {
        let mut grants = WasiCtxBuilder::new();
        for (name, value) in call.environment {
            grants.env(name, value);
        }
        grants.preopened_dir(call.folder, "/in", FsPerms::ReadOnly)?;
        let mut store = Store::new(&self.engine, State::new(&mut grants));
        let instance = self.linker.instantiate_async(&mut store, &self.component).await?;
        let interface = instance.get_export_index(&mut store, None, &call.interface).unwrap();
        let place = instance.get_export_index(&mut store, Some(&interface), call.function);
        let function = instance.get_func(&mut store, place.unwrap()).unwrap();
        let types: Vec<Type> = function.ty(&store).params().map(|(_, ty)| ty).collect();
        assert_eq!(types.len(), call.arguments.len(), "{}", call.function);
        let arguments: Vec<Val> =
            types.iter().zip(&call.arguments).map(|(ty, value)| to_val(ty, value)).collect();
        let mut results = [Val::Bool(false)];
        function.call_async(&mut store, &arguments, &mut results).await?;
        let [Val::Result(result)] = results else { wasmtime::bail!("no result") };
        let json = |value: &Option<Box<Val>>| value.as_deref().map_or(Value::Null, to_json);
        Ok(match &result {
            Ok(value) => Answer::Ok(json(value)),
            Err(value) => Answer::Err(json(value)),
        })
    }
}

impl Host for Stock {
    fn call(&mut self, call: &Call<'_>) -> Result<Answer, String> {
        self.runtime.block_on(self.make(call)).map_err(|error| format!("{error:?}"))
    }
}

/// The table's JSON as a value of the engine, as the type demands.
fn to_val(ty: &Type, value: &Value) -> Val {
    let number = || value.as_u64().unwrap();
    match ty {
        Type::Bool => Val::Bool(value.as_bool().unwrap()),
        Type::U8 => Val::U8(number().try_into().unwrap()),
        Type::U16 => Val::U16(number().try_into().unwrap()),
        Type::U32 => Val::U32(number().try_into().unwrap()),
        Type::U64 => Val::U64(number()),
        Type::String => Val::String(value.as_str().unwrap().to_owned()),
        Type::Option(some) if !value.is_null() => {
            Val::Option(Some(Box::new(to_val(&some.ty(), value))))
        }
        Type::Option(_) => Val::Option(None),
        Type::List(list) => {
            let items = value.as_array().unwrap().iter();
            Val::List(items.map(|item| to_val(&list.ty(), item)).collect())
        }
        Type::Record(record) => {
            let fields = record.fields().map(|field| {
                (
                    field.name.to_owned(),
                    to_val(&field.ty, value.get(field.name).unwrap_or(&Value::Null)),
                )
            });
            Val::Record(fields.collect())
        }
        Type::Variant(variant) => {
            let tag = value.get("tag").and_then(Value::as_str).unwrap();
            let case = variant.cases().find(|case| case.name == tag).unwrap();
            let val = value.get("val").unwrap_or(&Value::Null);
            Val::Variant(tag.to_owned(), case.ty.map(|ty| Box::new(to_val(&ty, val))))
        }
        other => unreachable!("the contract has no {other:?}"),
    }
}

fn to_json(value: &Val) -> Value {
    match value {
        Val::Bool(value) => (*value).into(),
        Val::U8(value) => (*value).into(),
        Val::U16(value) => (*value).into(),
        Val::U32(value) => (*value).into(),
        Val::U64(value) => (*value).into(),
        Val::String(text) => text.as_str().into(),
        Val::Option(value) => value.as_deref().map_or(Value::Null, to_json),
        Val::List(items) => items.iter().map(to_json).collect(),
        Val::Record(fields) => fields
            .iter()
            .map(|(name, value)| (name.clone(), to_json(value)))
            .collect::<Map<_, _>>()
            .into(),
        Val::Variant(tag, value) => match value {
            None => serde_json::json!({ "tag": tag }),
            Some(value) => serde_json::json!({ "tag": tag, "val": to_json(value) }),
        },
        other => unreachable!("the contract has no {other:?}"),
    }
}

/// Rows that the table has at least: an engine that is said to give the same answers was asked a good deal.
const CASES_MIN: usize = 60;

#[test]
fn the_stock_engine_gives_what_the_table_says() {
    let table = Table::own().unwrap();
    let rows = conformance::play(&table, &mut Stock::new()).unwrap();
    assert!(rows.len() >= CASES_MIN, "{} rows", rows.len());
    let other: Vec<String> = rows
        .iter()
        .filter(|row| row.verdict != Verdict::Good)
        .map(|row| format!("{}: {:?}", row.name, row.verdict))
        .collect();
    assert!(other.is_empty(), "{} of {}:\n{}", other.len(), rows.len(), other.join("\n"));
}
