//! Support for the integration tests: what stands between a client and Knosc, or in Knosc's place, and misbehaves as told.
//!
//! Knows nothing of the runner or of the component: bytes on loopback sockets only.

pub mod proxy;
pub mod sink;
