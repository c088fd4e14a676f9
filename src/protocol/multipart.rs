//! What stands before and after the file in an upload's body, so that the file's own bytes are streamed between them.
//!
//! Exactly one part `file`, and nothing else, as the guide's `curl -F file=@...` sends it. Reads no file.
//!
//! ```http
//! --knosc-86bf2516340989bd980064227e6bdcaf
//! Content-Disposition: form-data; name="file"; filename="item-master-export.csv"
//! Content-Type: text/csv
//!
//! Item Number,Item Unit
//! WIDGET-99,EACH
//!
//! --knosc-86bf2516340989bd980064227e6bdcaf--
//! ```

use std::fmt::Write;

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
        let mut places = file_name.as_bytes().windows(boundary.len());
        if !places.any(|place| place == boundary.as_bytes()) {
            return boundary;
        }
        counter += 1;
    }
}

/// 128 bits of FNV-1a: a file that holds those of its own name and size could only be made on purpose, which no digest
/// that anyone can compute prevents.
fn boundary_of(trigger: Trigger, file_name: &str, size: u64, counter: u64) -> String {
    // None of the parts holds a slash, so that two uploads never read as one.
    let upload = format!("{trigger}/{file_name}/{size}/{counter}");
    let hash = upload
        .bytes()
        .fold(FNV_OFFSET, |hash, byte| (hash ^ u128::from(byte)).wrapping_mul(FNV_PRIME));
    format!("knosc-{hash:032x}")
}

/// The offset basis and the prime of the 128-bit FNV.
const FNV_OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
const FNV_PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
