//! The master key, and what is sealed with it.
//!
//! AES-256-GCM with a random nonce for each message. What a message is for (a secret of this workspace and name)
//! is authenticated with it: a sealed value that is moved to another row does not open. The key's id is kept
//! beside what it seals, so that a wrong key is told from tampering.

use std::fmt;
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;

use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit, Nonce};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretBox};
use sha2::{Digest, Sha256};

use crate::{Error, Result};

const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 12;
const FILE_HEAD: &str = "oceanus-master-key-1 ";
const FILE_BYTES_MAX: u64 = 1024;

/// The key that seals secrets. It belongs outside of the data folder and its backups.
#[derive(Clone)]
pub struct MasterKey {
    id: String,
    bytes: Arc<SecretBox<[u8; KEY_BYTES]>>,
}

/// What is stored of a sealed message.
pub(crate) struct Sealed {
    pub key_id: String,
    /// The nonce, then the sealed message.
    pub bytes: Vec<u8>,
}

impl MasterKey {
    pub fn new(bytes: [u8; KEY_BYTES]) -> MasterKey {
        MasterKey {
            id: hex(&digest("key id", &[&bytes]))[..16].to_string(),
            bytes: Arc::new(SecretBox::new(Box::new(bytes))),
        }
    }

    /// Reads the key from its file; makes both if there is none. Nobody but the owner may read the file.
    pub fn read_or_create(path: &Path) -> Result<MasterKey> {
        match read_file(path) {
            Ok(text) => MasterKey::from_text(&text),
            Err(Error::Io { cause, .. }) if cause.kind() == std::io::ErrorKind::NotFound => {
                create_file(path)?;
                // Another process may have been faster: what lies there is the key.
                MasterKey::from_text(&read_file(path)?)
            }
            Err(error) => Err(error),
        }
    }

    /// Tells keys apart, and tells nothing else about them.
    pub fn id(&self) -> &str {
        &self.id
    }

    fn from_text(text: &str) -> Result<MasterKey> {
        let wrong = || Error::invalid("key file", "does not hold a master key");
        let encoded = text.strip_prefix(FILE_HEAD).ok_or_else(wrong)?;
        let decoded = Zeroizing::new(STANDARD.decode(encoded.trim_end()).map_err(|_| wrong())?);
        let bytes: [u8; KEY_BYTES] = decoded.as_slice().try_into().map_err(|_| wrong())?;
        Ok(MasterKey::new(bytes))
    }

    pub(crate) fn seal(&self, purpose: &[&str], message: &[u8]) -> Result<Sealed> {
        let nonce: [u8; NONCE_BYTES] = random_bytes()?;
        let aad = joined(purpose);
        let payload = Payload {
            msg: message,
            aad: &aad,
        };
        let sealed = self
            .cipher()
            .encrypt(&Nonce::from(nonce), payload)
            .map_err(|_| Error::invalid("message", "is too long to be sealed"))?;
        Ok(Sealed {
            key_id: self.id.clone(),
            bytes: [nonce.as_slice(), &sealed].concat(),
        })
    }

    /// `name` is what a message calls it.
    pub(crate) fn open(&self, purpose: &[&str], name: &str, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>> {
        let refuse = |message: String| Error::Unsealable {
            name: name.to_string(),
            message,
        };
        if sealed.key_id != self.id {
            let message = format!(
                "it was sealed with key '{}', the key at hand is '{}'",
                sealed.key_id, self.id
            );
            return Err(refuse(message));
        }
        let (nonce, message) = sealed
            .bytes
            .split_first_chunk::<NONCE_BYTES>()
            .ok_or_else(|| refuse("what is stored is too short".to_string()))?;
        let aad = joined(purpose);
        let payload = Payload {
            msg: message,
            aad: &aad,
        };
        let opened = self.cipher().decrypt(&Nonce::from(*nonce), payload);
        opened
            .map(Zeroizing::new)
            .map_err(|_| refuse("what is stored was changed".to_string()))
    }

    fn cipher(&self) -> Aes256Gcm {
        Aes256Gcm::new(self.bytes.expose_secret().into())
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MasterKey").field("id", &self.id).finish()
    }
}

/// From the operating system, as whatever is secret must be.
pub(crate) fn random_bytes<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|cause| Error::io("cannot get randomness", cause.into()))?;
    Ok(bytes)
}

/// 256 random bits as text, for sessions and tokens.
pub(crate) fn random_text() -> Result<String> {
    Ok(URL_SAFE_NO_PAD.encode(random_bytes::<32>()?))
}

/// SHA-256 of parts in a way that no other parts give, and no other use.
pub(crate) fn digest(purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in [purpose.as_bytes()].iter().chain(parts) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from(b"0123456789abcdef"[usize::from(nibble)]);
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}

/// Parts with their lengths, so that no other parts give the same bytes.
fn joined(parts: &[&str]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for part in parts {
        bytes.extend((part.len() as u64).to_be_bytes());
        bytes.extend(part.as_bytes());
    }
    bytes
}

fn read_file(path: &Path) -> Result<Zeroizing<String>> {
    let failed = |cause| Error::io(format!("cannot read the key file '{}'", path.display()), cause);
    let metadata = std::fs::metadata(path).map_err(failed)?;
    if metadata.permissions().mode() & 0o077 != 0 {
        let message = format!(
            "'{}' must be readable by its owner only: chmod 600",
            path.display()
        );
        return Err(Error::invalid("key file", message));
    }
    if metadata.len() > FILE_BYTES_MAX {
        return Err(Error::invalid("key file", "does not hold a master key"));
    }
    std::fs::read_to_string(path).map(Zeroizing::new).map_err(failed)
}

/// Makes a key under another name first, so that nobody reads half of it, and never replaces one.
fn create_file(path: &Path) -> Result<()> {
    let failed = |cause| Error::io(format!("cannot write the key file '{}'", path.display()), cause);
    let key = Zeroizing::new(random_bytes::<KEY_BYTES>()?);
    let text = Zeroizing::new(format!("{FILE_HEAD}{}\n", STANDARD.encode(key.as_slice())));
    let mut draft = path.as_os_str().to_os_string();
    draft.push(format!(".{}", hex(&random_bytes::<8>()?)));
    let draft = Path::new(&draft);
    let written = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(draft)
        .and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        })
        .and_then(|()| match std::fs::hard_link(draft, path) {
            Err(cause) if cause.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
            linked => linked,
        });
    // Whatever became of it, the key's other name goes.
    let removed = std::fs::remove_file(draft);
    written.and(removed).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_only_for_its_purpose_and_key() {
        let key = MasterKey::new([7; 32]);
        let sealed = key.seal(&["secret", "shop", "a"], b"hunter2").unwrap();
        assert_eq!(
            *key.open(&["secret", "shop", "a"], "a", &sealed).unwrap(),
            b"hunter2"
        );
        for purpose in [
            &["secret", "shop", "b"],
            &["secret", "other", "a"],
            &["secrets", "hop", "a"],
        ] {
            assert!(key.open(purpose, "a", &sealed).is_err());
        }
        let other = MasterKey::new([8; 32]);
        let error = other.open(&["secret", "shop", "a"], "a", &sealed).err().unwrap();
        assert!(error.to_string().contains(key.id()), "{error}");
    }

    #[test]
    fn a_changed_bit_is_noticed() {
        let key = MasterKey::new([7; 32]);
        let sealed = key.seal(&["secret"], b"hunter2").unwrap();
        for index in 0..sealed.bytes.len() {
            let mut bytes = sealed.bytes.clone();
            bytes[index] ^= 1;
            let key_id = sealed.key_id.clone();
            assert!(key.open(&["secret"], "a", &Sealed { key_id, bytes }).is_err());
        }
        let short = Sealed {
            key_id: sealed.key_id.clone(),
            bytes: vec![1; 5],
        };
        assert!(key.open(&["secret"], "a", &short).is_err());
    }

    #[test]
    fn the_same_message_is_never_sealed_into_the_same_bytes() {
        let key = MasterKey::new([7; 32]);
        let first = key.seal(&["secret"], b"hunter2").unwrap();
        let second = key.seal(&["secret"], b"hunter2").unwrap();
        assert_ne!(first.bytes, second.bytes);
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        assert_ne!(digest("a", &[b"bc", b"d"]), digest("a", &[b"b", b"cd"]));
        assert_ne!(digest("a", &[b"b"]), digest("ab", &[]));
        assert_eq!(hex(&[0, 0xaf, 0xff]), "00afff");
    }
}
