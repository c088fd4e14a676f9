//! What a component declares that it needs: instances, memories, tables, added up over everything nested in it.
//!
//! A lower bound: what is instantiated twice is counted once here, and stopped by the store's own limits later.

use wasmparser::{BinaryReaderError, Instance, Payload};

use crate::platform::limits::PipelineLimit;

/// A page of linear memory.
const PAGE_BYTES: u64 = 65_536;

/// The sums.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Figures {
    pub(super) instances: u64,
    pub(super) memories: u64,
    pub(super) memory_bytes: u64,
    pub(super) tables: u64,
    pub(super) table_elements: u64,
}

impl Figures {
    /// Adds what one part of the component declares.
    pub(super) fn add(&mut self, payload: &Payload<'_>) -> Result<(), BinaryReaderError> {
        match payload {
            Payload::InstanceSection(section) => {
                for instance in section.clone() {
                    if matches!(instance?, Instance::Instantiate { .. }) {
                        self.instances += 1;
                    }
                }
            }
            Payload::MemorySection(section) => {
                for memory in section.clone() {
                    self.memories += 1;
                    let bytes = memory?.initial.saturating_mul(PAGE_BYTES);
                    self.memory_bytes = self.memory_bytes.saturating_add(bytes);
                }
            }
            Payload::TableSection(section) => {
                for table in section.clone() {
                    self.tables += 1;
                    self.table_elements = self.table_elements.saturating_add(table?.ty.initial);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Each sum by its name.
    pub(super) const fn named(&self) -> [(&'static str, u64); 5] {
        [
            ("instances", self.instances),
            ("memories", self.memories),
            ("memory", self.memory_bytes),
            ("tables", self.tables),
            ("table-elements", self.table_elements),
        ]
    }

    /// The sum of a name, to be set.
    pub(super) fn by_name(&mut self, name: &str) -> Option<&mut u64> {
        Some(match name {
            "instances" => &mut self.instances,
            "memories" => &mut self.memories,
            "memory" => &mut self.memory_bytes,
            "tables" => &mut self.tables,
            "table-elements" => &mut self.table_elements,
            _ => return None,
        })
    }

    /// Each sum and its limit.
    pub(super) fn wanted(&self) -> [(PipelineLimit, u64); 5] {
        [
            (PipelineLimit::Instances, self.instances),
            (PipelineLimit::Memories, self.memories),
            (PipelineLimit::Memory, self.memory_bytes),
            (PipelineLimit::Tables, self.tables),
            (PipelineLimit::TableElements, self.table_elements),
        ]
    }
}
