//! How much a component declares, before anything validates it: one pass over the headers of its sections.
//!
//! The only code that reads a tenant's component in the host's process. It builds no type, follows no count of the file, and keeps
//! no more than the ends of what is nested, so its time and memory depend on the number of sections alone.

use super::Refused;
use crate::platform::compile::{CompileLimit, CompileLimits};

/// Bytes before the first section: `\0asm`, the version and the layer.
const PREAMBLE_BYTES: usize = 8;

/// A nested module or component: where it ends, and whether it is a module.
#[derive(Clone, Copy)]
struct Frame {
    end: usize,
    is_module: bool,
}

/// What sections declare, added up.
#[derive(Default)]
struct Sums {
    sections: u64,
    types: u64,
    instances: u64,
    functions: u64,
    name_bytes: u64,
}

/// Reads the headers of every section.
///
/// # Errors
/// [`Refused::Shape`] for more than the limits allow, [`Refused::Invalid`] for sections that do not fit into each other.
pub(super) fn scan(bytes: &[u8], limits: &CompileLimits) -> Result<(), Refused> {
    let mut sums = Sums::default();
    let mut nested = vec![Frame { end: bytes.len(), is_module: is_module(bytes, 0)? }];
    let mut at = PREAMBLE_BYTES;
    while let Some(frame) = nested.last().copied() {
        if at >= frame.end {
            nested.pop();
            continue;
        }
        let (id, header) = (bytes.get(at).copied().unwrap_or(0), at);
        let (size, start) = number(bytes, at + 1, frame.end)?;
        let end = start.checked_add(size).filter(|end| *end <= frame.end);
        let end = end.ok_or_else(|| invalid(header, "a section is longer than what it is in"))?;
        sums.sections += 1;
        within(limits, CompileLimit::Sections, sums.sections)?;
        if !frame.is_module && (id == 1 || id == 4) {
            let is_module = is_module(bytes, start)?;
            if start + PREAMBLE_BYTES > end {
                return Err(invalid(start, "a nested module or component has no header"));
            }
            nested.push(Frame { end, is_module });
            within(limits, CompileLimit::Nesting, nested.len() as u64)?;
            at = start + PREAMBLE_BYTES;
            continue;
        }
        sums.add(bytes, (frame.is_module, id), (start, end))?;
        sums.check(limits)?;
        at = end;
    }
    Ok(())
}

impl Sums {
    fn add(
        &mut self,
        bytes: &[u8],
        kind: (bool, u8),
        (start, end): (usize, usize),
    ) -> Result<(), Refused> {
        let sum = match kind {
            // Types of modules, and core types and types of components.
            (true, 1) | (false, 3 | 7) => &mut self.types,
            // Functions of modules, and functions that are lifted and lowered.
            (true, 3) | (false, 8) => &mut self.functions,
            (false, 2 | 5) => &mut self.instances,
            // Imports and exports of both, and aliases.
            (true, 2 | 7) | (false, 6 | 10 | 11) => {
                self.name_bytes += (end - start) as u64;
                return Ok(());
            }
            _ => return Ok(()),
        };
        let (count, items) = number(bytes, start, end)?;
        // Each item has at least one byte.
        if count > end - items {
            return Err(invalid(start, "a section has fewer items than it says"));
        }
        *sum += count as u64;
        Ok(())
    }

    fn check(&self, limits: &CompileLimits) -> Result<(), Refused> {
        within(limits, CompileLimit::Types, self.types)?;
        within(limits, CompileLimit::DeclaredInstances, self.instances)?;
        within(limits, CompileLimit::Functions, self.functions)?;
        within(limits, CompileLimit::Names, self.name_bytes)
    }
}

fn within(limits: &CompileLimits, limit: CompileLimit, wanted: u64) -> Result<(), Refused> {
    let allowed = limits.get(limit);
    if wanted > allowed { Err(Refused::Shape { limit, wanted, allowed }) } else { Ok(()) }
}

fn is_module(bytes: &[u8], at: usize) -> Result<bool, Refused> {
    match bytes.get(at..).and_then(|rest| rest.get(..PREAMBLE_BYTES)) {
        Some([0, b'a', b's', b'm', _, _, layer, 0]) if *layer <= 1 => Ok(*layer == 0),
        _ => Err(invalid(at, "a module or component does not begin as one")),
    }
}

/// An unsigned number of at most five bytes before `end`, and the place after it.
fn number(bytes: &[u8], start: usize, end: usize) -> Result<(usize, usize), Refused> {
    let (mut value, mut at) = (0_u64, start);
    for shift in [0, 7, 14, 21, 28] {
        let byte = bytes.get(at).copied().filter(|_| at < end);
        let byte = byte.ok_or_else(|| invalid(at, "a section ends within a number"))?;
        at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            let value =
                u32::try_from(value).map_err(|_| invalid(start, "a number is too large"))?;
            return Ok((usize::try_from(value).unwrap_or(usize::MAX), at));
        }
    }
    Err(invalid(start, "a number is too long"))
}

fn invalid(offset: usize, message: &str) -> Refused {
    Refused::Invalid { offset, message: message.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn component(text: &str) -> Vec<u8> {
        wat::parse_str(text).unwrap()
    }

    fn narrow(limit: CompileLimit, value: u64) -> CompileLimits {
        let mut limits = CompileLimits::default();
        limits.set(limit, value).unwrap();
        limits
    }

    #[test]
    fn each_sum_has_a_limit() {
        let types: String = (0..17).map(|_| "(type (func))").collect();
        let functions: String = (0..17).map(|_| "(func)").collect();
        let exports: Vec<String> =
            (0..99).map(|n| format!("(export \"f{n}-xxxxxxxx\" (func 0))")).collect();
        let exports = exports.concat();
        for (text, limit, least, wanted) in [
            (format!("(component {types})"), CompileLimit::Types, 16, 17),
            (format!("(component (core module {functions}))"), CompileLimit::Functions, 16, 17),
            (
                format!("(component (core module (func) {exports}))"),
                CompileLimit::Names,
                1_024,
                1_478,
            ),
            (
                "(component (component (core module)))".to_owned(),
                CompileLimit::Nesting,
                2,
                3,
            ),
            (
                "(component (component $c) (instance (instantiate $c)) (instance (instantiate $c)))"
                    .to_owned(),
                CompileLimit::DeclaredInstances,
                1,
                2,
            ),
        ] {
            let bytes = component(&text);
            assert_eq!(scan(&bytes, &CompileLimits::default()), Ok(()));
            let error = scan(&bytes, &narrow(limit, least)).unwrap_err();
            let Refused::Shape { limit: met, wanted: found, allowed } = error else {
                panic!("{error}")
            };
            assert_eq!((met, allowed), (limit, least));
            assert!(found.abs_diff(wanted) < 50, "{met}: {found}");
        }
    }

    #[test]
    fn counts_that_lie_are_refused_without_memory() {
        let many = [&b"\0asm\x0d\0\x01\0"[..], &[7, 5, 0xff, 0xff, 0xff, 0xff, 0x0f]].concat();
        assert!(matches!(scan(&many, &CompileLimits::default()), Err(Refused::Invalid { .. })));
        let long = [&b"\0asm\x0d\0\x01\0"[..], &[0, 0xff, 0x7f]].concat();
        assert!(matches!(scan(&long, &CompileLimits::default()), Err(Refused::Invalid { .. })));
    }

    #[test]
    fn bytes_changed_or_cut_anywhere_never_panic() {
        let whole = component("(component (component (core module (func))) (type (func)))");
        for at in 8..whole.len() {
            for bits in [1, 0x55, 0x80, 0xff] {
                let mut changed = whole.clone();
                changed[at] ^= bits;
                let _ = scan(&changed, &CompileLimits::default());
            }
            let _ = scan(&whole[..at], &CompileLimits::default());
        }
    }
}
