//! A proxy on loopback that breaks what a test tells it to break, and knows afterwards how far each request came.
//!
//! It has a thread of its own, so that a client that blocks does not stop it. What no rule is for is passed on as it is.

mod exchange;
mod script;
pub(crate) mod wire;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::oneshot;

use script::Rule;
pub use script::{Act, Upto, Which};

/// Bytes that the kernel may hold for the proxy before it reads them: small, so that a proxy that reads nothing stops the client soon.
const RECEIVE_BUFFER_BYTES: u32 = 16 * 1024;

/// One request that came to the proxy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// The method, empty where the connection was broken before a byte was read.
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// Bytes of the head, and of the body as `Content-Length` says.
    pub length: u64,
    /// Whether `Content-Length` was there.
    pub has_length: bool,
    /// Bytes read of the client, the head included.
    pub taken: u64,
    /// Bytes passed on to the server.
    pub passed: u64,
    /// Bytes of an answer given to the client, the proxy's own ones included.
    pub answered: u64,
    /// Whether a rule was for it.
    pub scripted: bool,
    /// Whether all that the rule said is done, and the server has seen the end of it.
    pub ended: bool,
}

impl Seen {
    /// Whether the server was given the whole request.
    pub fn is_whole(&self) -> bool {
        self.length > 0 && self.passed == self.length
    }

    /// Whether it is an upload.
    pub fn is_upload(&self) -> bool {
        self.method == "POST" && self.path.starts_with("/api/job/")
    }
}

/// What the thread and the test share.
#[derive(Debug)]
struct Shared {
    upstream: SocketAddr,
    rules: Mutex<Vec<Rule>>,
    seen: Mutex<Vec<Seen>>,
}

impl Shared {
    fn rules(&self) -> MutexGuard<'_, Vec<Rule>> {
        // A test that panicked with the guard must not hide its own message.
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn seen(&self) -> MutexGuard<'_, Vec<Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the script of the first rule that fits, and counts it down.
    fn strike(&self, fits: impl Fn(&Which) -> bool) -> Option<Vec<Act>> {
        let mut rules = self.rules();
        let position = rules.iter().position(|rule| fits(&rule.which))?;
        let rule = rules.get_mut(position)?;
        let script = rule.script.clone();
        rule.times = rule.times.saturating_sub(1);
        if rule.times == 0 {
            rules.remove(position);
        }
        Some(script)
    }
}

/// A proxy that listens. Dropping it ends it, with every connection.
#[derive(Debug)]
pub struct FaultProxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl FaultProxy {
    /// Listens on a free port of `127.0.0.1`, in front of a server.
    ///
    /// # Errors
    /// If there is no socket or no thread.
    pub fn before(upstream: SocketAddr) -> io::Result<Self> {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
        let listener = {
            let _entered = runtime.enter();
            let socket = TcpSocket::new_v4()?;
            socket.set_recv_buffer_size(RECEIVE_BUFFER_BYTES)?;
            socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
            socket.listen(128)?
        };
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared { upstream, rules: Mutex::default(), seen: Mutex::default() });
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = accept(listener, Arc::clone(&shared));
        let body = move || {
            runtime.block_on(async {
                tokio::select! {
                    _ = stopped => {}
                    () = serving => {}
                }
            });
        };
        let thread = std::thread::Builder::new().name("fault-proxy".to_owned()).spawn(body)?;
        Ok(Self { address, shared, stop: Some(stop), thread: Some(thread) })
    }

    /// Where it listens, as an origin.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Breaks the next request of this kind.
    pub fn once(&self, which: Which, script: impl Into<Vec<Act>>) {
        self.times(1, which, script);
    }

    /// Breaks the next requests of this kind.
    pub fn times(&self, times: u32, which: Which, script: impl Into<Vec<Act>>) {
        self.shared.rules().push(Rule { which, times, script: script.into() });
    }

    /// Every request so far, in the order in which they came.
    pub fn seen(&self) -> Vec<Seen> {
        self.shared.seen().clone()
    }

    /// The uploads so far.
    pub fn uploads(&self) -> Vec<Seen> {
        self.seen().into_iter().filter(Seen::is_upload).collect()
    }

    /// Waits until every request that a rule was for is over on the server's side too; false if that takes too long.
    pub fn settles_within(&self, limit: Duration) -> bool {
        let end = Instant::now() + limit;
        loop {
            if self.shared.seen().iter().all(|seen| seen.ended || !seen.scripted) {
                return true;
            }
            if Instant::now() > end {
                return false;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            _ = thread.join();
        }
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    // An accept error ends the proxy; a test then sees refused connections.
    while let Ok((client, _)) = listener.accept().await {
        _ = client.set_nodelay(true);
        let shared = Arc::clone(&shared);
        // A connection that breaks is what the proxy is for.
        tokio::spawn(async move { _ = exchange::serve(client, &shared).await });
    }
}
