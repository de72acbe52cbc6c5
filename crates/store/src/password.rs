//! Hashes of passwords, by Argon2id with the parameters that OWASP recommends.
//!
//! Hashing takes some ten milliseconds of a core and 19 MiB, so it is done beside the asynchronous threads, and
//! only so often at once.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

use crate::seal::random_bytes;
use crate::{Error, Result};

/// So that a storm of sign-ins takes neither all memory nor all cores.
const AT_ONCE_MAX: usize = 2;
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const CHARACTERS_MIN: usize = 8;
const BYTES_MAX: usize = 1024;

/// Verified in place of a user's who is not there, so that it takes as long. Nothing hashes to zeros.
const NOBODYS: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

#[derive(Debug)]
pub(crate) struct Passwords {
    places: Arc<Semaphore>,
}

impl Passwords {
    pub fn new() -> Passwords {
        Passwords {
            places: Arc::new(Semaphore::new(AT_ONCE_MAX)),
        }
    }

    /// The hash of a new password, in PHC form.
    pub async fn hash(&self, password: &SecretString) -> Result<String> {
        let text = password.expose_secret();
        if text.chars().count() < CHARACTERS_MIN || text.len() > BYTES_MAX {
            let message =
                format!("must have at least {CHARACTERS_MIN} characters and at most {BYTES_MAX} bytes");
            return Err(Error::invalid("password", message));
        }
        let password = password.clone();
        self.beside(move || {
            let salt: [u8; 16] = random_bytes()?;
            let hash: PasswordHash = argon2()?
                .hash_password_with_salt(password.expose_secret().as_bytes(), &salt)
                .map_err(Error::database)?;
            Ok(hash.to_string())
        })
        .await
    }

    /// Whether it is this password. Without a hash it never is, but takes as long.
    pub async fn verify(&self, password: &SecretString, hash: Option<String>) -> Result<bool> {
        // A longer one is nobody's, and is not worth hashing in full.
        let too_long = password.expose_secret().len() > BYTES_MAX;
        let password = if too_long {
            SecretString::default()
        } else {
            password.clone()
        };
        self.beside(move || {
            let hash = PasswordHash::new(hash.as_deref().unwrap_or(NOBODYS)).map_err(Error::database)?;
            let verified = argon2()?.verify_password(password.expose_secret().as_bytes(), &hash);
            Ok(verified.is_ok())
        })
        .await
    }

    async fn beside<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        // The place goes with the work, which goes on even if whoever asked for it has left.
        let place = Arc::clone(&self.places);
        let place = place.acquire_owned().await.map_err(Error::database)?;
        let work = move || {
            let _place = place;
            work()
        };
        tokio::task::spawn_blocking(work).await.map_err(Error::database)?
    }
}

fn argon2() -> Result<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(Error::database)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobodys_hash_costs_what_a_users_does() {
        let hash = PasswordHash::new(NOBODYS).unwrap();
        let params = Params::try_from(&hash).unwrap();
        assert_eq!(params.m_cost(), MEMORY_KIB);
        assert_eq!(params.t_cost(), PASSES);
        assert_eq!(params.p_cost(), LANES);
        assert!(hash.salt.is_some() && hash.hash.is_some());
    }
}
