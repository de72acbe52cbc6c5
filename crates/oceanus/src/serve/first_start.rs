//! The first start of a server where people sign in: somebody must be there to let the others in.
//!
//! The administrator's password is random and shown once, on a terminal. Where nobody looks at one, such as under a
//! service manager whose log would keep it, it lies in a file that its owner alone can read, until it is changed.

use std::fs::OpenOptions;
use std::io::{ErrorKind, IsTerminal, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use api::LOCAL_USER;
use store::{ExposeSecret, NewUser, PageRequest, SecretString, Store};

use super::Refusal;

/// In the data folder.
pub const PASSWORD_FILE: &str = "initial-password";
const ADMIN: &str = "admin";
/// Letters and digits that are not taken for each other.
const ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz023456789";
const GROUPS: usize = 4;
const GROUP_LENGTH: usize = 5;

/// Makes the administrator if nobody can sign in yet.
pub async fn make_admin(store: &Store, data: &Path, out: &mut dyn Write) -> Result<(), Refusal> {
    let failed = |error: store::Error| Refusal::new(format!("cannot make the administrator: {error}"));
    let two = PageRequest {
        limit: 2,
        ..PageRequest::default()
    };
    let users = store.users().list(&two).await.map_err(failed)?;
    if users.items.iter().any(|user| user.name != LOCAL_USER) {
        return forget_password(store, data).await;
    }
    let password = random_password()?;
    let new = NewUser {
        name: ADMIN.to_string(),
        password: Some(password.clone()),
        is_admin: true,
    };
    // The file first: an administrator whose password nobody knows would be no use.
    let file = data.join(PASSWORD_FILE);
    let is_shown = std::io::stdout().is_terminal();
    if !is_shown {
        write_password(&file, &password)
            .map_err(|error| Refusal::new(format!("cannot write '{}': {error}", file.display())))?;
    }
    store.users().create(new, "system").await.map_err(failed)?;
    let text = match is_shown {
        true => format!(
            "The first start has made the user '{ADMIN}' with the password {}\nIt is not shown again.\n",
            password.expose_secret()
        ),
        false => format!(
            "The first start has made the user '{ADMIN}'; the password is in {}\n",
            file.display()
        ),
    };
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|error| Refusal::new(format!("cannot write to standard output: {error}")))
}

/// Removes the password's file once it is out of date.
async fn forget_password(store: &Store, data: &Path) -> Result<(), Refusal> {
    let file = data.join(PASSWORD_FILE);
    let failed = |error: &dyn std::fmt::Display| Refusal::new(format!("'{}': {error}", file.display()));
    let password = match std::fs::read_to_string(&file) {
        Ok(text) => SecretString::from(text.trim()),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(&error)),
    };
    let verified = store
        .users()
        .verify(ADMIN, &password)
        .await
        .map_err(|error| failed(&error))?;
    match verified {
        Some(_) => Ok(()),
        None => std::fs::remove_file(&file).map_err(|error| failed(&error)),
    }
}

fn write_password(file: &Path, password: &SecretString) -> std::io::Result<()> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)?;
    file.write_all(format!("{}\n", password.expose_secret()).as_bytes())?;
    file.sync_all()
}

fn random_password() -> Result<SecretString, Refusal> {
    let mut bytes = [0u8; GROUPS * GROUP_LENGTH];
    getrandom::fill(&mut bytes).map_err(|error| Refusal::new(format!("there is no randomness: {error}")))?;
    let groups: Vec<String> = bytes
        .chunks(GROUP_LENGTH)
        .map(|group| {
            group
                .iter()
                .map(|byte| char::from(ALPHABET[usize::from(byte % 32)]))
                .collect()
        })
        .collect();
    Ok(SecretString::from(groups.join("-")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_long_and_another_each_time() {
        let first = random_password().unwrap();
        let second = random_password().unwrap();
        assert_eq!(first.expose_secret().len(), 23);
        assert_ne!(first.expose_secret(), second.expose_secret());
    }
}
