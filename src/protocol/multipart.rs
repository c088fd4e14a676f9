//! What stands before and after the file in an upload's body, so that the file's own bytes are streamed between them.
//!
//! Exactly one part `file`, and nothing else, as the guide's `curl -F file=@...` sends it. Reads no file.
//!
//! ```http
//! --knosc-92295655144f92ce8332c0eeefaa052432345d9b
//! Content-Disposition: form-data; name="file"; filename="item-master-export.csv"
//! Content-Type: text/csv
//!
//! Item Number,Item Unit
//! WIDGET-99,EACH
//!
//! --knosc-92295655144f92ce8332c0eeefaa052432345d9b--
//! ```

use std::fmt::Write;

use sha2::{Digest, Sha256};

use crate::blob::FileKind;
use crate::trigger::Trigger;

/// What stands around a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Around {
    /// Of the request, with the boundary.
    pub(super) content_type: String,
    /// Before the file.
    pub(super) head: Vec<u8>,
    /// After it.
    pub(super) tail: Vec<u8>,
}

/// Bytes of the digest that a boundary shows. A file that holds its own 160 bits could only be made on purpose.
const BOUNDARY_DIGEST_BYTES: usize = 20;

/// Builds what stands around a file; `base_name` is without folders.
pub(super) fn around(trigger: Trigger, base_name: &str, kind: FileKind, size: u64) -> Around {
    let file_name = encoded(base_name);
    let boundary = boundary(trigger, &file_name, size);
    let media_type = kind.media_type();
    let head = format!(
        "--{boundary}\r\n\
         Content-Disposition: form-data; name=\"file\"; filename=\"{file_name}\"\r\n\
         Content-Type: {media_type}\r\n\
         \r\n"
    );
    Around {
        content_type: format!("multipart/form-data; boundary={boundary}"),
        head: head.into_bytes(),
        tail: format!("\r\n--{boundary}--\r\n").into_bytes(),
    }
}

/// A file name that cannot end its own quotes or line: the HTML standard's percent form, for all control characters, quote
/// and backslash. Everything else is UTF-8 as it is.
fn encoded(name: &str) -> String {
    let mut encoded = String::with_capacity(name.len());
    for c in name.chars() {
        if c.is_control() || matches!(c, '"' | '\\') {
            for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                // Writing to a String does not fail.
                let _ = write!(encoded, "%{byte:02X}");
            }
        } else {
            encoded.push(c);
        }
    }
    encoded
}

/// The same for the same upload, so that a replay sends the same bytes, and never a part of the file's name.
fn boundary(trigger: Trigger, file_name: &str, size: u64) -> String {
    let mut counter: u64 = 0;
    loop {
        let boundary = boundary_of(trigger, file_name, size, counter);
        if !file_name.contains(&boundary) {
            return boundary;
        }
        counter += 1;
    }
}

fn boundary_of(trigger: Trigger, file_name: &str, size: u64, counter: u64) -> String {
    let mut digest = Sha256::new();
    for field in [trigger.name().as_bytes(), file_name.as_bytes()] {
        // Each field with its length, so that two fields never read as one.
        digest.update((field.len() as u64).to_be_bytes());
        digest.update(field);
    }
    digest.update(size.to_be_bytes());
    digest.update(counter.to_be_bytes());
    let mut boundary = String::from("knosc-");
    for byte in digest.finalize().iter().take(BOUNDARY_DIGEST_BYTES) {
        let _ = write!(boundary, "{byte:02x}");
    }
    boundary
}
