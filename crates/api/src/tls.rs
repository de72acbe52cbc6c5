//! TLS: the server's certificate and key, read from PEM.

use std::io;
use std::path::Path;
use std::sync::Arc;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

const PROTOCOL: &[u8] = b"http/1.1";

#[derive(Clone)]
pub struct Tls {
    pub(crate) acceptor: TlsAcceptor,
}

impl Tls {
    /// Reads both from their files: the certificate with those that lead to a known one behind it, and its key.
    pub fn from_files(certificate: &Path, key: &Path) -> io::Result<Tls> {
        let read = |path: &Path| {
            std::fs::read(path)
                .map_err(|cause| io::Error::new(cause.kind(), format!("'{}': {cause}", path.display())))
        };
        Tls::from_pem(&read(certificate)?, &read(key)?)
    }

    pub fn from_pem(certificate: &[u8], key: &[u8]) -> io::Result<Tls> {
        let wrong = |what: &str, cause: &dyn std::fmt::Display| {
            io::Error::new(io::ErrorKind::InvalidInput, format!("{what}: {cause}"))
        };
        let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(certificate)
            .collect::<Result<_, _>>()
            .map_err(|cause| wrong("the certificate's file is not PEM", &cause))?;
        if chain.is_empty() {
            return Err(wrong("the certificate's file", &"there is no certificate in it"));
        }
        let key = PrivateKeyDer::from_pem_slice(key)
            .map_err(|cause| wrong("the key's file holds no private key", &cause))?;
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|cause| wrong("TLS", &cause))?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(|cause| wrong("the certificate and the key do not fit", &cause))?;
        config.alpn_protocols = vec![PROTOCOL.to_vec()];
        Ok(Tls {
            acceptor: TlsAcceptor::from(Arc::new(config)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_certificate_is_said_to_be_none() {
        let error = Tls::from_pem(b"hello", b"").err().unwrap();
        assert!(error.to_string().contains("no certificate"), "{error}");
    }
}
