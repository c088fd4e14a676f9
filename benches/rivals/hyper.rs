//! A rival: what a Rust programmer writes on hyper to send one file. Arguments: URL, cookies as `a=b; c=d`, CSRF token, file.
//! Reads the file on a thread of its own, four chunks ahead; has no journal, no digest, no sandbox and no limits.

use std::{convert::Infallible, env, error::Error, fs::File, io::Read};

use bytes::Bytes;
use futures_util::{StreamExt as _, stream::poll_fn};
use http_body_util::StreamBody;
use hyper::{Request, body::Frame};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, sync::mpsc};

/// As large as ours may be: a rival should not lose by its chunks.
const CHUNK_BYTES: usize = 256 * 1024;

fn main() -> Result<(), Box<dyn Error>> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(send())
}

async fn send() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = env::args().skip(1).collect();
    let [url, cookies, csrf, path] = words.as_slice() else {
        return Err("URL COOKIES CSRF FILE".into());
    };
    let url: hyper::Uri = url.parse()?;
    let host = url.authority().ok_or("no host")?.as_str();
    let mut file = File::open(path)?;
    let head =
        "--rival\r\ncontent-disposition: form-data; name=\"file\"; filename=\"rival.csv\"\r\n\r\n";
    let tail = "\r\n--rival--\r\n";
    let length = file.metadata()?.len() + (head.len() + tail.len()) as u64;
    let (sender, mut chunks) = mpsc::channel(4);
    let reader = std::thread::spawn(move || -> std::io::Result<()> {
        _ = sender.blocking_send(Bytes::from(head));
        loop {
            let mut chunk = vec![0; CHUNK_BYTES];
            let read = file.read(&mut chunk)?;
            chunk.truncate(read);
            let chunk = if read == 0 { Bytes::from(tail) } else { Bytes::from(chunk) };
            if sender.blocking_send(chunk).is_err() || read == 0 {
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
        .header("content-length", length)
        .header("content-type", "multipart/form-data; boundary=rival");
    let chunks = poll_fn(move |context| chunks.poll_recv(context));
    let body = StreamBody::new(chunks.map(|chunk| Ok::<_, Infallible>(Frame::data(chunk))));
    let answer = requests.send_request(request.body(body)?).await?;
    let status = answer.status();
    drop((answer, requests));
    driver.abort();
    reader.join().map_err(|_| "the reader ended badly")??;
    if status.is_success() { Ok(()) } else { Err(format!("answered {status}").into()) }
}
