//! Writes into a component what it is: name, version, licence, source, description, where registries and `wasm-tools metadata` look.
//!
//! Adds sections at the end and reads nothing of the component. 40 lines instead of `wasm-metadata`, whose 20 crates would be compiled
//! before the component on each new machine; a test reads what is written with the reader of `knosc-runner component inspect`.

/// What is written of each component; the rest is the same for both.
const DESCRIPTIONS: [(&str, &str); 2] = [
    (
        "portable",
        "Loads ERP exports into Knosc, in any engine with WASI 0.2 and wasi:http: files are values",
    ),
    (
        "hosted",
        "Loads ERP exports into Knosc, in a host that gives handles and a journal: files are streams",
    ),
];

/// The component of a world with what it is at its end.
pub(crate) fn embed(world: &str, component: &[u8]) -> Vec<u8> {
    let described = DESCRIPTIONS.into_iter().find(|(name, _)| *name == world);
    let fields = [
        ("version", env!("CARGO_PKG_VERSION")),
        ("licenses", env!("CARGO_PKG_LICENSE")),
        ("source", env!("CARGO_PKG_REPOSITORY")),
        ("description", described.map_or("", |(_, text)| text)),
    ];
    let mut bytes = component.to_vec();
    section(&mut bytes, "component-name", &name(&format!("knosc-{world}")));
    for (field, value) in fields {
        section(&mut bytes, field, value.as_bytes());
    }
    bytes
}

/// A custom section: its number is 0, and its name is a part of its content.
fn section(bytes: &mut Vec<u8>, section: &str, content: &[u8]) {
    let mut body = text(section);
    body.extend_from_slice(content);
    bytes.push(0);
    bytes.extend(size(body.len()));
    bytes.extend(body);
}

/// The part of the section of names that names the component itself.
fn name(name: &str) -> Vec<u8> {
    let name = text(name);
    let mut part = vec![0];
    part.extend(size(name.len()));
    part.extend(name);
    part
}

fn text(text: &str) -> Vec<u8> {
    let mut bytes = size(text.len());
    bytes.extend_from_slice(text.as_bytes());
    bytes
}

/// LEB128: seven bits a byte, the lowest first, the high bit where more follow.
fn size(mut size: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = u8::try_from(size & 0x7f).unwrap_or_default();
        size >>= 7;
        if size == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}
