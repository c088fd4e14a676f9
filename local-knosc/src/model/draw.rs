//! Makes token texts and job ids from a seed and a counter: the same seed and requests give the same ones.
//! Guards nothing; whoever knows the seed knows every token.

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use sha2::{Digest, Sha256};

/// A source of texts that do not repeat.
#[derive(Debug, Clone)]
pub(crate) struct Draw {
    seed: u64,
    salt: String,
    count: u64,
}

impl Draw {
    pub(crate) fn new(seed: u64, salt: &str) -> Self {
        Self { seed, salt: salt.to_owned(), count: 0 }
    }

    /// Draws 32 lower-case hex digits.
    pub(crate) fn hex(&mut self) -> String {
        let digest = self.next();
        HEXLOWER.encode(digest.get(..16).unwrap_or_default())
    }

    /// Draws six letters and digits, as in the documented `item-master-upload-a1b2c3`.
    pub(crate) fn suffix(&mut self) -> String {
        let letters = b"0123456789abcdefghijklmnopqrstuvwxyz".iter().cycle();
        let pick = |byte: &u8| {
            letters.clone().nth(usize::from(*byte)).map_or('0', |letter| char::from(*letter))
        };
        self.next().iter().take(6).map(pick).collect()
    }

    /// Draws a token with a JWT's three parts; the claim that the documentation names is in it, and nobody reads it.
    pub(crate) fn jwt(&mut self, kind: &str, last_modified: u64) -> String {
        let claims = format!(
            r#"{{"type":"{kind}","jti":"{}","last_modified_at":{last_modified}}}"#,
            self.hex()
        );
        let part = |text: &str| BASE64URL_NOPAD.encode(text.as_bytes());
        format!("{}.{}.{}", part(r#"{"alg":"none","typ":"JWT"}"#), part(&claims), self.hex())
    }

    /// Draws 32 base32 digits for a new second factor.
    pub(crate) fn totp_secret(&mut self) -> String {
        let digest = self.next();
        data_encoding::BASE32_NOPAD.encode(digest.get(..20).unwrap_or_default())
    }

    fn next(&mut self) -> [u8; 32] {
        self.count += 1;
        let mut hash = Sha256::new();
        hash.update(self.seed.to_be_bytes());
        hash.update(self.count.to_be_bytes());
        hash.update(self.salt.as_bytes());
        hash.finalize().into()
    }
}
