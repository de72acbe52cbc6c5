//! Local sockets in folders of any depth.
//!
//! The address of a socket has room for 108 bytes, which the path of a run's folder may exceed. So the folder is
//! opened and the socket named through its descriptor.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::time::Duration;

/// Listens at `name` in the folder; a socket that was left there is replaced.
pub fn listen(folder: &Path, name: &str) -> io::Result<UnixListener> {
    match fs::remove_file(folder.join(name)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let directory = File::open(folder)?;
    let listener = UnixListener::bind(through(&directory, name))?;
    fs::set_permissions(folder.join(name), Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Connects without waiting: a listener that does not accept gives `WouldBlock`. Afterwards no read and no write on
/// the stream takes longer than `timeout`.
pub fn dial(folder: &Path, name: &str, timeout: Duration) -> io::Result<UnixStream> {
    let directory = File::open(folder)?;
    let address = address(&through(&directory, name))?;
    // SAFETY: takes numbers and returns a descriptor that is ours.
    let descriptor = unsafe {
        libc::socket(
            libc::AF_UNIX,
            libc::SOCK_STREAM | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK,
            0,
        )
    };
    if descriptor < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: it was just opened and nobody else has it.
    let socket = unsafe { OwnedFd::from_raw_fd(descriptor) };
    // SAFETY: the address is a whole sockaddr_un and outlives the call.
    let connected = unsafe {
        libc::connect(
            socket.as_raw_fd(),
            std::ptr::from_ref(&address).cast(),
            size_of::<libc::sockaddr_un>() as libc::socklen_t,
        )
    };
    if connected != 0 {
        return Err(io::Error::last_os_error());
    }
    let stream = UnixStream::from(socket);
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(timeout))?;
    stream.set_write_timeout(Some(timeout))?;
    Ok(stream)
}

fn through(directory: &File, name: &str) -> String {
    format!("/proc/self/fd/{}/{name}", directory.as_raw_fd())
}

fn address(path: &str) -> io::Result<libc::sockaddr_un> {
    // SAFETY: all zeros is a valid address structure.
    let mut address: libc::sockaddr_un = unsafe { std::mem::zeroed() };
    address.sun_family = libc::AF_UNIX as libc::sa_family_t;
    // One byte stays zero and ends the path.
    if path.len() >= address.sun_path.len() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "a socket's name is too long",
        ));
    }
    for (to, from) in address.sun_path.iter_mut().zip(path.bytes()) {
        *to = from as libc::c_char;
    }
    Ok(address)
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(5);

    #[test]
    fn a_folder_with_a_long_path_has_a_socket_for_its_owner_only() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = temporary.path().join("x".repeat(120)).join("y".repeat(120));
        fs::create_dir_all(&folder).unwrap();
        assert_eq!(
            dial(&folder, "s", TIMEOUT).unwrap_err().kind(),
            io::ErrorKind::NotFound
        );
        let listener = listen(&folder, "s").unwrap();
        let mode = fs::metadata(folder.join("s")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let mut near = dial(&folder, "s", TIMEOUT).unwrap();
        let (mut far, _) = listener.accept().unwrap();
        near.write_all(b"x").unwrap();
        let mut byte = [0];
        far.read_exact(&mut byte).unwrap();
        drop(listener);
        assert_eq!(
            dial(&folder, "s", TIMEOUT).unwrap_err().kind(),
            io::ErrorKind::ConnectionRefused
        );
        // What a dead listener left is no hindrance.
        listen(&folder, "s").unwrap();
    }
}
