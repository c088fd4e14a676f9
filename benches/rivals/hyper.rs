//! A rival: what a Rust programmer writes on hyper to send one file. Arguments: URL, cookies as `a=b; c=d`, CSRF token, file.
//! Reads the file on a thread of its own, four chunks ahead; has no journal, no digest, no sandbox and no limits.

use std::{
    env,
    error::Error,
    fs::File,
    io::Read,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use hyper::{
    Request,
    body::{Body, Frame, SizeHint},
};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, sync::mpsc};

/// As large as ours may be: a rival should not lose by its chunks.
const CHUNK_BYTES: usize = 256 * 1024;

struct Chunks {
    left: u64,
    chunks: mpsc::Receiver<Bytes>,
}

impl Body for Chunks {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let chunk = std::task::ready!(self.chunks.poll_recv(context));
        self.left -= chunk.as_ref().map_or(0, |chunk| chunk.len() as u64);
        Poll::Ready(chunk.map(|chunk| Ok(Frame::data(chunk))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(send())
}

async fn send() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [url, cookies, csrf, path] = arguments.as_slice() else {
        return Err("URL COOKIES CSRF FILE".into());
    };
    let url: hyper::Uri = url.parse()?;
    let host = url.authority().ok_or("no host")?.as_str();
    let mut file = File::open(path)?;
    let head =
        "--rival\r\ncontent-disposition: form-data; name=\"file\"; filename=\"rival.csv\"\r\n\r\n";
    let tail = "\r\n--rival--\r\n";
    let left = file.metadata()?.len() + (head.len() + tail.len()) as u64;
    let (sender, chunks) = mpsc::channel(4);
    let reader = std::thread::spawn(move || -> std::io::Result<()> {
        _ = sender.blocking_send(Bytes::from(head));
        loop {
            let mut chunk = vec![0; CHUNK_BYTES];
            let read = file.read(&mut chunk)?;
            chunk.truncate(read);
            let last = read == 0;
            let chunk = if last { Bytes::from(tail) } else { Bytes::from(chunk) };
            if sender.blocking_send(chunk).is_err() || last {
                return Ok(());
            }
        }
    });
    let stream = TokioIo::new(TcpStream::connect(host).await?);
    let (mut requests, connection) = hyper::client::conn::http1::handshake(stream).await?;
    let driver = tokio::spawn(connection);
    let request = Request::post(url.path())
        .header("host", host)
        .header("cookie", cookies)
        .header("x-xsrf-token", csrf)
        .header("content-type", "multipart/form-data; boundary=rival");
    let answer = requests.send_request(request.body(Chunks { left, chunks })?).await?;
    let status = answer.status();
    drop((answer, requests));
    driver.abort();
    reader.join().map_err(|_| "the reader ended badly")??;
    if status.is_success() { Ok(()) } else { Err(format!("answered {status}").into()) }
}
