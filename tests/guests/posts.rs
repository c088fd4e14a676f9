//! A guest for a stock host: POSTs `x` after `x`, with a `Content-Length` or without one. Its host ends it in the middle.
//!
//! Arguments: the authority (`127.0.0.1:8080`), and the length in bytes or `none`.

fn main() {
    #[cfg(target_family = "wasm")]
    guest::post();
}

#[cfg(target_family = "wasm")]
mod guest {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        reason = "a guest of a test traps at the first surprise"
    )]

    use wasi::http::outgoing_handler;
    use wasi::http::types::{Fields, Method, OutgoingRequest, Scheme};

    /// What a host of today takes at once.
    const PIECE: [u8; 64 * 1024] = [b'x'; 64 * 1024];

    pub(super) fn post() {
        let arguments = wasi::cli::environment::get_arguments();
        let [_, authority, length] = arguments.as_slice() else { panic!("two arguments") };
        let headers = match length.as_str() {
            "none" => Fields::new(),
            length => {
                let entry = ("content-length".to_owned(), length.as_bytes().to_vec());
                Fields::from_list(&[entry]).unwrap()
            }
        };
        let request = OutgoingRequest::new(headers);
        request.set_method(&Method::Post).unwrap();
        request.set_scheme(Some(&Scheme::Http)).unwrap();
        request.set_authority(Some(authority)).unwrap();
        request.set_path_with_query(Some("/api/job/inventory")).unwrap();
        let body = request.body().unwrap();
        let sink = body.write().unwrap();
        let _answer = outgoing_handler::handle(request, None).unwrap();
        loop {
            sink.subscribe().block();
            let room = usize::try_from(sink.check_write().unwrap()).unwrap().min(PIECE.len());
            sink.write(PIECE.get(..room).unwrap()).unwrap();
        }
    }
}
