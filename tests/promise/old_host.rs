//! A host of version 0.1 in short: one file in memory, a journal in memory, a session that it adds to requests itself.
//!
//! Made of the contract alone, as somebody else's host is; nothing of `knosc_runner` is in it.

use std::future::Future;
use std::sync::Arc;

use http::header::{COOKIE, HeaderValue};
use http::{Method, Request, Response};
use wasmtime::component::{Component, HasData, Linker, Resource, ResourceTable};
use wasmtime::{Engine, Store};
use wasmtime_wasi::p2::DynInputStream;
use wasmtime_wasi::p2::pipe::MemoryInputPipe;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{
    DEFAULT_FORBIDDEN_HEADERS, ForbiddenHeaderFilter, RequestOptions, WasiBody, WasiHttpCtx,
    WasiHttpCtxView, WasiHttpHooks, WasiHttpView, default_hooks,
};

use crate::bindings::hosted::Hosted;
use crate::bindings::hosted::knosc::bulk_import::{blobs, journal, tenancy, types};
use crate::bindings::portable;

/// A file of this host.
#[allow(
    unreachable_pub,
    reason = "the generated bindings name it publicly in their own private module"
)]
#[derive(Clone)]
pub struct Blob {
    pub(crate) name: &'static str,
    pub(crate) bytes: Vec<u8>,
}

/// What a store of this host holds.
pub(crate) struct Host {
    wasi: WasiCtx,
    http: WasiHttpCtx,
    pub(crate) table: ResourceTable,
    origin: String,
    session: Session,
    pub(crate) events: Vec<types::Event>,
}

impl Host {
    pub(crate) fn new(origin: &str, session: portable::knosc::bulk_import::types::Session) -> Self {
        Self {
            wasi: WasiCtx::builder().build(),
            http: WasiHttpCtx::new(),
            table: ResourceTable::new(),
            origin: origin.to_owned(),
            session: Session { access_token: session.access_token, csrf: session.csrf_token },
            events: Vec::new(),
        }
    }
}

/// Links a component by the contract of 0.1 and nothing else of ours.
pub(crate) async fn instantiate(
    wasm: &[u8],
    host: Host,
) -> wasmtime::Result<(Store<Host>, Hosted)> {
    let engine = Engine::default();
    let component = Component::from_binary(&engine, wasm)?;
    let mut linker = Linker::<Host>::new(&engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    blobs::add_to_linker::<_, Own>(&mut linker, |host| host)?;
    tenancy::add_to_linker::<_, Own>(&mut linker, |host| host)?;
    journal::add_to_linker::<_, Own>(&mut linker, |host| host)?;
    let mut store = Store::new(&engine, host);
    let hosted = Hosted::instantiate_async(&mut store, &component, &linker).await?;
    Ok((store, hosted))
}

struct Own;

impl HasData for Own {
    type Data<'a> = &'a mut Host;
}

impl WasiView for Host {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for Host {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { ctx: &mut self.http, table: &mut self.table, hooks: &mut self.session }
    }
}

/// What it adds to requests; the component does not see it.
struct Session {
    access_token: String,
    csrf: String,
}

type Work<T> = Box<dyn Future<Output = wasmtime_wasi_http::Result<T>> + Send>;

impl WasiHttpHooks for Session {
    fn forbidden_header_filter(&mut self) -> ForbiddenHeaderFilter {
        Arc::new(|name| DEFAULT_FORBIDDEN_HEADERS.contains(name) || name.as_str() == "set-cookie")
    }

    fn send_request(
        &mut self,
        mut request: Request<WasiBody>,
        options: Option<RequestOptions>,
        ended: Work<()>,
    ) -> Work<(Response<WasiBody>, Work<()>)> {
        let Self { access_token, csrf } = self;
        let cookie = format!("access_token_cookie={access_token}; csrf_access_token={csrf}");
        let is_post = request.method() == Method::POST;
        let headers = request.headers_mut();
        headers.insert(COOKIE, HeaderValue::from_str(&cookie).unwrap());
        if is_post {
            headers.insert("x-xsrf-token", HeaderValue::from_str(csrf).unwrap());
        }
        default_hooks().send_request(request, options, ended)
    }
}

impl blobs::Host for Host {}

impl blobs::HostBlob for Host {
    fn name(&mut self, blob: Resource<Blob>) -> wasmtime::Result<String> {
        Ok(self.table.get(&blob)?.name.to_owned())
    }

    fn size(&mut self, blob: Resource<Blob>) -> wasmtime::Result<u64> {
        Ok(self.table.get(&blob)?.bytes.len() as u64)
    }

    fn duplicate(&mut self, blob: Resource<Blob>) -> wasmtime::Result<Resource<Blob>> {
        let twin = self.table.get(&blob)?.clone();
        Ok(self.table.push(twin)?)
    }

    fn open(
        &mut self,
        blob: Resource<Blob>,
        offset: u64,
    ) -> wasmtime::Result<Result<Resource<DynInputStream>, String>> {
        let bytes = &self.table.get(&blob)?.bytes;
        let from = usize::try_from(offset)?;
        let Some(rest) = bytes.get(from..) else { return Ok(Err("shorter than that".to_owned())) };
        let stream: DynInputStream = Box::new(MemoryInputPipe::new(rest.to_vec()));
        Ok(Ok(self.table.push(stream)?))
    }

    fn drop(&mut self, blob: Resource<Blob>) -> wasmtime::Result<()> {
        self.table.delete(blob)?;
        Ok(())
    }
}

impl tenancy::Host for Host {
    fn origin(&mut self) -> wasmtime::Result<String> {
        Ok(self.origin.clone())
    }

    fn renew_session(&mut self) -> wasmtime::Result<bool> {
        Ok(false)
    }
}

impl types::Host for Host {}

impl journal::Host for Host {
    fn history(&mut self) -> wasmtime::Result<Vec<types::Event>> {
        Ok(self.events.clone())
    }

    fn append(&mut self, event: types::Event) -> wasmtime::Result<Result<(), String>> {
        self.events.push(event);
        Ok(Ok(()))
    }
}
