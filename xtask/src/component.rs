//! Reads the names that a component imports and exports from its binary. Only names: whoever needs types uses a real parser.
//!
//! A reader of 100 lines instead of `wasmparser`, so that xtask compiles in a second on a new machine. It covers what a
//! component built by `wit-component` has on its top level, and refuses anything else by name instead of guessing.

use std::fmt;

const PREAMBLE: [u8; 8] = [0, b'a', b's', b'm', 0x0d, 0, 1, 0];
const SECTION_IMPORT: u8 = 10;
const SECTION_EXPORT: u8 = 11;

/// What a component wants and gives, in the binary's order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// Such as `wasi:http/types@0.2.12`.
    pub imports: Vec<String>,
    /// Such as `knosc:bulk-import/importer@0.1.0`.
    pub exports: Vec<String>,
}

/// Bytes that are no component, or one with something that this reader does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// The preamble is another one: a core module, or no wasm at all.
    NoComponent,
    /// The bytes end inside of something.
    Short,
    /// A byte that stands for a form this reader does not know, and where it stands.
    Unknown(&'static str, u8),
    /// A name that is not UTF-8.
    Name,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoComponent => f.write_str("no component"),
            Self::Short => f.write_str("the component ends early"),
            Self::Unknown(place, byte) => write!(f, "unknown {place} {byte:#04x}"),
            Self::Name => f.write_str("a name is not UTF-8"),
        }
    }
}

impl std::error::Error for Unreadable {}

/// Reads the names of a component's own imports and exports, not those of components nested in it.
///
/// # Errors
/// See [`Unreadable`].
pub fn names(bytes: &[u8]) -> Result<Names, Unreadable> {
    let mut names = Names::default();
    let mut rest = Bytes(bytes.strip_prefix(&PREAMBLE).ok_or(Unreadable::NoComponent)?);
    while !rest.0.is_empty() {
        let section = rest.byte()?;
        let size = rest.size()?;
        let mut body = Bytes(rest.take(size)?);
        match section {
            SECTION_IMPORT => {
                for _ in 0..body.size()? {
                    names.imports.push(body.name()?);
                    body.skip_description()?;
                }
            }
            SECTION_EXPORT => {
                for _ in 0..body.size()? {
                    names.exports.push(body.name()?);
                    body.skip_sort_index()?;
                    if body.byte()? == 1 {
                        body.skip_description()?;
                    }
                }
            }
            _ => {}
        }
    }
    Ok(names)
}

struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn byte(&mut self) -> Result<u8, Unreadable> {
        let (first, rest) = self.0.split_first().ok_or(Unreadable::Short)?;
        self.0 = rest;
        Ok(*first)
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], Unreadable> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Unreadable::Short)?;
        self.0 = rest;
        Ok(taken)
    }

    /// LEB128 of 32 bits: five bytes at most.
    fn size(&mut self) -> Result<usize, Unreadable> {
        let mut value = 0_usize;
        for shift in [0, 7, 14, 21, 28] {
            let byte = self.byte()?;
            value |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Unreadable::Short)
    }

    /// Forms 0 and 1 are plain names; form 2 has options behind it, and nothing here makes one.
    fn name(&mut self) -> Result<String, Unreadable> {
        let form = self.byte()?;
        if form > 1 {
            return Err(Unreadable::Unknown("form of a name", form));
        }
        let size = self.size()?;
        let bytes = self.take(size)?;
        String::from_utf8(bytes.to_vec()).map_err(|_| Unreadable::Name)
    }

    fn skip_sort_index(&mut self) -> Result<(), Unreadable> {
        if self.byte()? == 0 {
            self.byte()?;
        }
        self.size().map(drop)
    }

    fn skip_description(&mut self) -> Result<(), Unreadable> {
        match self.byte()? {
            0 => self.byte().and_then(|_| self.size()).map(drop),
            1 | 4 | 5 => self.size().map(drop),
            3 => match self.byte()? {
                0 => self.size().map(drop),
                1 => Ok(()),
                bound => Err(Unreadable::Unknown("bound of a type", bound)),
            },
            sort => Err(Unreadable::Unknown("description", sort)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn component(sections: &[(u8, &[u8])]) -> Vec<u8> {
        let mut bytes = PREAMBLE.to_vec();
        for (id, body) in sections {
            bytes.extend([*id, u8::try_from(body.len()).unwrap_or(u8::MAX)]);
            bytes.extend_from_slice(body);
        }
        bytes
    }

    #[test]
    fn names_of_every_import_section_are_read_and_others_skipped() {
        let bytes = component(&[
            (SECTION_IMPORT, b"\x01\x00\x03a:b\x05\x00"),
            (7, b"whatever"),
            (SECTION_IMPORT, b"\x02\x00\x01c\x01\x04\x00\x01d\x03\x01"),
            (SECTION_EXPORT, b"\x01\x00\x03e:f\x05\x07\x00"),
        ]);
        let expected = Names {
            imports: vec!["a:b".into(), "c".into(), "d".into()],
            exports: vec!["e:f".into()],
        };
        assert_eq!(names(&bytes), Ok(expected));
    }

    #[test]
    fn what_is_no_component_or_unknown_or_cut_is_refused() {
        assert_eq!(names(b"\0asm\x01\0\0\0"), Err(Unreadable::NoComponent));
        let cut = component(&[(SECTION_IMPORT, b"\x02\x00\x01c\x05\x00")]);
        assert_eq!(names(&cut), Err(Unreadable::Short));
        let value = component(&[(SECTION_IMPORT, b"\x01\x00\x01c\x02\x00\x00")]);
        assert_eq!(names(&value), Err(Unreadable::Unknown("description", 2)));
    }
}
