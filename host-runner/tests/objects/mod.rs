//! An object store on this machine: one object, by ranges, under the `ETag` that it had when it was opened.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

type Object = Arc<Mutex<(u32, Vec<u8>)>>;

pub(crate) struct Objects {
    address: SocketAddr,
    object: Object,
}

impl Objects {
    pub(crate) async fn serve(content: Vec<u8>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let object: Object = Arc::new(Mutex::new((1, content)));
        let served = Arc::clone(&object);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, Arc::clone(&served)));
            }
        });
        Self { address, object }
    }

    pub(crate) fn url(&self, name: &str) -> String {
        format!("http://{}/exports/{name}", self.address)
    }

    pub(crate) fn replace(&self, content: Vec<u8>) {
        let mut object = self.object.lock().unwrap();
        *object = (object.0 + 1, content);
    }
}

async fn answer(stream: TcpStream, object: Object) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") && stream.read_line(&mut head).await? > 0 {}
    let header = |name: &str| head.lines().find_map(|line| line.strip_prefix(name));
    let (etag, content) = {
        let object = object.lock().unwrap();
        (format!("\"{}\"", object.0), object.1.clone())
    };
    let (status, body) = match (header("If-Match: "), header("Range: bytes=")) {
        (Some(asked), _) if asked != etag => ("412 Precondition Failed", &[][..]),
        (_, Some(range)) => {
            let (from, to) = range.split_once('-').unwrap();
            ("206 Partial Content", &content[from.parse().unwrap()..=to.parse().unwrap()])
        }
        _ => ("200 OK", &content[..]),
    };
    let length = body.len();
    let answer = format!("HTTP/1.1 {status}\r\nETag: {etag}\r\nContent-Length: {length}\r\n\r\n");
    stream.write_all(answer.as_bytes()).await?;
    if !head.starts_with("HEAD") {
        stream.write_all(body).await?;
    }
    stream.shutdown().await
}
