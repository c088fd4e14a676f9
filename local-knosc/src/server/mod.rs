//! The server: a model behind a loopback socket, one connection after another on one thread.
//! Refuses every address that is not loopback, and keeps no state of its own.

mod handle;

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
    time::{Duration, Instant, SystemTime},
};

use tokio::sync::oneshot;

use crate::{Config, IntegrationLock, Model};

/// A model, and the clock that the model itself does not have.
#[derive(Debug)]
pub(crate) struct Shared {
    model: Mutex<Model>,
    started: Instant,
    epoch: Duration,
}

impl Shared {
    pub(crate) fn model(&self) -> MutexGuard<'_, Model> {
        // A panic in a test that held the model must not hide that test's own message.
        self.model.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Milliseconds since 1970, counted by a clock that never goes back.
    pub(crate) fn now_ms(&self) -> u64 {
        let now = self.epoch.saturating_add(self.started.elapsed());
        u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
    }
}

/// Why no server came up.
#[derive(Debug)]
#[non_exhaustive]
pub enum ServerError {
    /// The address is not loopback.
    NotLoopback(IpAddr),
    /// The socket or the runtime failed.
    Io(io::Error),
}

impl std::fmt::Display for ServerError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotLoopback(address) => write!(f, "{address} is not a loopback address"),
            Self::Io(error) => write!(f, "the server failed: {error}"),
        }
    }
}

impl std::error::Error for ServerError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::NotLoopback(_) => None,
            Self::Io(error) => Some(error),
        }
    }
}

impl From<io::Error> for ServerError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// A server that listens and does not answer yet.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    shared: Arc<Shared>,
}

impl Server {
    /// Listens on a loopback address; port 0 takes a free one.
    ///
    /// # Errors
    /// `NotLoopback` if the address is another; `Io` if the port is taken.
    pub fn bind(config: Config, address: SocketAddr) -> Result<Self, ServerError> {
        if !address.ip().is_loopback() {
            return Err(ServerError::NotLoopback(address.ip()));
        }
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let shared =
            Shared { model: Mutex::new(Model::new(config)), started: Instant::now(), epoch };
        Ok(Self { listener, shared: Arc::new(shared) })
    }

    /// Gives the address with the real port.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Turns knobs of the default tenant as `POST /_local/knobs` does.
    pub fn turn(&self, body: &[u8]) -> Result<(), String> {
        let mut model = self.shared.model();
        let tenant = model.default_tenant().to_owned();
        model.turn(&tenant, body, self.shared.now_ms())
    }

    /// Starts or ends an integration of every tenant; the closure gets the model's time.
    pub fn lock_integration(&self, lock: impl Fn(u64) -> IntegrationLock) {
        let now = self.shared.now_ms();
        let mut model = self.shared.model();
        let tenants: Vec<String> = model.tenants().map(str::to_owned).collect();
        for tenant in tenants {
            model.set_integration_lock(&tenant, lock(now), now);
        }
    }

    /// Answers until the given future ends; needs a tokio runtime with I/O and time.
    pub async fn run(self, until: impl Future<Output = ()>) -> io::Result<()> {
        let listener = tokio::net::TcpListener::from_std(self.listener)?;
        tokio::select! {
            () = until => Ok(()),
            stopped = handle::accept(listener, self.shared) => stopped,
        }
    }
}

/// A server on a thread of its own; dropping it ends it.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Starts a server on a free port of `127.0.0.1`, for tests.
///
/// # Errors
/// `Io` if no socket or no thread could be had.
///
/// # Examples
/// ```
/// let knosc = local_knosc::spawn(local_knosc::Config::default())?;
/// assert!(knosc.url().starts_with("http://127.0.0.1:"));
/// assert!(knosc.model().uploads().is_empty());
/// # Ok::<(), local_knosc::ServerError>(())
/// ```
pub fn spawn(config: Config) -> Result<Running, ServerError> {
    let server = Server::bind(config, SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    let address = server.address()?;
    let shared = Arc::clone(&server.shared);
    let (stop, stopped) = oneshot::channel::<()>();
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
    let body = move || {
        let until = async { _ = stopped.await };
        // An accept error ends the server; a test then sees refused connections.
        _ = runtime.block_on(server.run(until));
    };
    let thread = std::thread::Builder::new().name("local-knosc".into()).spawn(body)?;
    Ok(Running { address, shared, stop: Some(stop), thread: Some(thread) })
}

impl Running {
    /// Gives the origin of the default tenant, `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Gives the origin of a tenant, `http://NAME.localhost:PORT`.
    pub fn tenant_url(&self, tenant: &str) -> String {
        format!("http://{tenant}.localhost:{}", self.address.port())
    }

    /// Gives the address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Gives the model; the server waits as long as the guard lives.
    pub fn model(&self) -> MutexGuard<'_, Model> {
        self.shared.model()
    }

    /// Gives the model's time.
    pub fn now_ms(&self) -> u64 {
        self.shared.now_ms()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            _ = thread.join();
        }
    }
}
