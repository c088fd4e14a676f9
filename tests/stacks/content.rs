//! Files that look like the frame around them: two widespread readers of uploads have to find one part with the file's bytes.

use std::fmt::Write as _;

use super::stack::{Stack, tools_are_there};

const NAME: &str = "units.csv";

#[test]
fn werkzeug_reads_crafted_content_as_one_part() {
    let test = "stacks::werkzeug_reads_crafted_content_as_one_part";
    if tools_are_there(["nginx", "flask"].into_iter(), test) {
        let stack = Stack::start("nginx/default.conf", "accept");
        for content in [boundary_by_name(), lines_like_boundaries()] {
            arrives_whole(&stack, &content);
        }
    }
}

#[test]
fn multer_reads_crafted_content_as_one_part() {
    let test = "stacks::multer_reads_crafted_content_as_one_part";
    if tools_are_there(["multer"].into_iter(), test) {
        let stack = Stack::multer();
        for content in [boundary_by_name(), lines_like_boundaries()] {
            arrives_whole(&stack, &content);
        }
    }
}

fn arrives_whole(stack: &Stack, content: &[u8]) {
    stack.file(NAME, content);
    let before = stack.accepted().len();
    let ended = stack.runner(&["upload", "unit-master", NAME, "--no-check"]);
    assert_eq!(ended.exit, 0, "{ended}\n{}", stack.logs());
    let accepted = stack.accepted();
    assert_eq!(accepted.len(), before + 1, "{accepted:?}");
    let part = accepted.last().unwrap();
    assert_eq!((part.name.as_str(), part.parts), (NAME, 1), "{part:?}");
    assert!(stack.content() == content, "{} bytes of {}", stack.content().len(), content.len());
}

/// Holds the boundary of a client that computes it: 128 bits of FNV-1a of trigger, name and size. The writer of the file knows all
/// three. Read with that boundary, the file ends early and a form field follows.
fn boundary_by_name() -> Vec<u8> {
    let text = |boundary: &str| {
        format!(
            "_UnitCode,_UnitName,_UnitType,_Multiplier\nEA,Each,Count,1\r\n--{boundary}\r\n\
             Content-Disposition: form-data; name=\"action\"\r\n\r\nDELETE_ALL\r\n--{boundary}--\r\n\
             BX,Box,Count,1\n"
        )
    };
    let hash = |text: &str| {
        let step = |hash: u128, byte: u8| (hash ^ u128::from(byte)).wrapping_mul(FNV_PRIME);
        format!("knosc-{:032x}", text.bytes().fold(FNV_OFFSET, step))
    };
    let size = text(&hash("")).len();
    let content = text(&hash(&format!("unit-master/{NAME}/{size}/0")));
    assert_eq!(content.len(), size);
    content.into_bytes()
}

/// The offset basis and the prime of the 128-bit FNV.
const FNV_OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
const FNV_PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;

/// Beginnings and ends of boundaries, with every line end, on both sides of the sizes that readers take at once.
fn lines_like_boundaries() -> Vec<u8> {
    let mut text = "_UnitCode,_UnitName,_UnitType,_Multiplier\n".to_owned();
    for number in 0_u128..4_000 {
        let end = ["\r\n", "\n", "\r", "\r\n\r\n"][usize::try_from(number % 4).unwrap()];
        let hash = number.wrapping_mul(FNV_PRIME) ^ FNV_OFFSET;
        // Writing to a String does not fail.
        _ = write!(text, "U{number},Unit,Count,1{end}--knosc-{hash:032x}{end}--{end}--knosc-{end}");
        _ = write!(text, "--knosc-{hash:032x}--{end}------WebKitFormBoundary{number}--{end}");
    }
    text.into_bytes()
}
