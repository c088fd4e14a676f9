//! What a component declares that it needs: instances, memories, tables, added up over everything nested in it.
//!
//! A lower bound: what is instantiated twice is counted once here, and stopped by the store's own limits later.

use wasmparser::{BinaryReaderError, Instance, Payload};

use crate::platform::limits::PipelineLimit;

/// A page of linear memory.
const PAGE_BYTES: u64 = 65_536;

/// The sums.
#[derive(Clone, Copy, Debug, Default)]
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
