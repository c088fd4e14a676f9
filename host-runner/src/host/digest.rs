//! The digest of a file, made beside its stream: hashing first would cost more time than sending.
//!
//! Hashes what was read, in the order of reading, and compares nothing.

use blake3::Hasher;
use bytes::Bytes;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, spawn_blocking};

/// Takes a file's chunks, and at their end tells the digest; nothing is told if it is dropped before.
pub(super) struct Digester {
    /// A job for each chunk, and not one for the whole file: a slow line must hold no thread.
    hashing: JoinHandle<Hasher>,
    told: oneshot::Sender<[u8; 32]>,
}

impl Digester {
    /// Of a file whose first byte comes next.
    pub(super) fn new() -> (Self, oneshot::Receiver<[u8; 32]>) {
        let (told, digest) = oneshot::channel();
        (Self { hashing: spawn_blocking(Hasher::new), told }, digest)
    }

    /// Begins to hash a chunk as soon as the one before is done. None if a thread was lost.
    pub(super) async fn more(self, chunk: Bytes) -> Option<Self> {
        let mut hash = self.hashing.await.ok()?;
        let hashing = spawn_blocking(move || {
            hash.update(&chunk);
            hash
        });
        Some(Self { hashing, told: self.told })
    }

    /// Tells the digest of all chunks.
    pub(super) async fn finish(self) {
        if let Ok(hash) = self.hashing.await {
            // Nobody listens to a stream that was given up.
            let _ = self.told.send(hash.finalize().into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn chunks_give_the_digest_of_the_whole_and_a_broken_stream_gives_none() {
        let (digester, digest) = Digester::new();
        let digester = digester.more(Bytes::from_static(b"ab")).await.unwrap();
        digester.more(Bytes::from_static(b"c")).await.unwrap().finish().await;
        assert_eq!(digest.await.unwrap(), <[u8; 32]>::from(blake3::hash(b"abc")));

        let (digester, digest) = Digester::new();
        drop(digester.more(Bytes::from_static(b"ab")).await.unwrap());
        assert!(digest.await.is_err());
    }
}
