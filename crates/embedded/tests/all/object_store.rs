//! An object store on loopback: a real one over a folder, and in front of it whatever can go wrong on the way.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use http_body_util::BodyExt;
use http_body_util::combinators::BoxBody;
use hyper::body::{Body, Bytes, Frame, Incoming};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use runner::{S3Credentials, S3Location};
use s3s::auth::SimpleAuth;
use s3s::dto;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{S3, S3Request, S3Response, S3Result};
use s3s_fs::FileSystem;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

pub const BUCKET: &str = "snapshots";
pub const ACCESS_KEY: &str = "access-of-the-test";
pub const SECRET_KEY: &str = "secret-of-the-test";

/// What goes wrong with a request.
#[derive(Debug, Clone, Copy)]
pub enum Fault {
    /// It is not done: the store says that it is busy.
    Busy,
    /// It is done, and the connection ends before the answer.
    AnswerLost,
    /// The connection ends behind so many bytes of the answer's body.
    Torn(usize),
    /// It is not done, and nothing is answered.
    Silence,
    /// It is done later.
    Slow(Duration),
    /// It is not done: this status and text are the answer.
    Answer(u16, &'static str),
    /// It is done, and the answer has this text.
    DoneWith(&'static str),
}

pub struct ObjectStore {
    folder: tempfile::TempDir,
    address: SocketAddr,
    /// Its own certificate, in PEM, if it is spoken with by TLS.
    certificate: Option<String>,
    front: Arc<Front>,
    // Ends what it serves when it is dropped.
    _runtime: Runtime,
}

struct Front {
    service: S3Service,
    uploads: Uploads,
    rules: Mutex<Vec<Rule>>,
    seen: Mutex<Vec<String>>,
    connections: AtomicUsize,
}

struct Rule {
    /// What the request's method, path and query must have in them, behind each other.
    parts: Vec<String>,
    fault: Fault,
    times: usize,
}

impl ObjectStore {
    /// With an empty bucket.
    pub fn new() -> ObjectStore {
        ObjectStore::with_tls(None)
    }

    /// The same behind a certificate that no authority has signed.
    pub fn new_with_tls() -> ObjectStore {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_string()]).unwrap();
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        ObjectStore::with_tls(Some((TlsAcceptor::from(Arc::new(config)), made.cert.pem())))
    }

    fn with_tls(tls: Option<(TlsAcceptor, String)>) -> ObjectStore {
        let (acceptor, certificate) = tls.unzip();
        let folder = tempfile::Builder::new().prefix("store-").tempdir().unwrap();
        std::fs::create_dir(folder.path().join(BUCKET)).unwrap();
        let uploads = Uploads::default();
        let store = Store {
            files: FileSystem::new(folder.path()).unwrap(),
            uploads: uploads.clone(),
        };
        let mut builder = S3ServiceBuilder::new(store);
        builder.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
        let front = Arc::new(Front {
            service: builder.build(),
            uploads,
            rules: Mutex::default(),
            seen: Mutex::default(),
            connections: AtomicUsize::new(0),
        });
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(accept(listener, acceptor, front.clone()));
        ObjectStore {
            folder,
            address,
            certificate,
            front,
            _runtime: runtime,
        }
    }

    pub fn location(&self, prefix: &str) -> S3Location {
        S3Location {
            bucket: BUCKET.to_string(),
            prefix: prefix.to_string(),
            endpoint: match self.certificate {
                None => format!("http://{}", self.address),
                Some(_) => format!("https://localhost:{}", self.address.port()),
            },
            region: "us-east-1".to_string(),
            is_path_style: true,
            authorities: self.certificate.clone(),
            credentials: S3Credentials {
                access_key: ACCESS_KEY.to_string(),
                secret_key: SECRET_KEY.to_string(),
                session_token: None,
            },
        }
    }

    /// Lets the next requests fail that have these words in `METHOD /path?query`, in this order.
    pub fn fail(&self, request: &str, fault: Fault, times: usize) {
        self.front.rules.lock().unwrap().push(Rule {
            parts: request.split(' ').map(str::to_string).collect(),
            fault,
            times,
        });
    }

    /// Requests so far that have these words in them, as `METHOD /path?query`.
    pub fn seen(&self, request: &str) -> usize {
        let seen = self.front.seen.lock().unwrap();
        seen.iter()
            .filter(|line| has_parts(line, request.split(' ')))
            .count()
    }

    /// Faults that no request has met yet.
    pub fn unused(&self) -> usize {
        self.front.rules.lock().unwrap().len()
    }

    /// Connections so far.
    pub fn connections(&self) -> usize {
        self.front.connections.load(Ordering::Relaxed)
    }

    /// Keys of uploads that have begun and not ended.
    pub fn uploads(&self) -> Vec<String> {
        self.front.uploads.0.lock().unwrap().values().cloned().collect()
    }

    /// Where the bucket's objects lie as files, by their keys.
    pub fn bucket(&self) -> PathBuf {
        self.folder.path().join(BUCKET)
    }

    /// Keys of all objects, sorted.
    pub fn keys(&self) -> Vec<String> {
        let mut keys = Vec::new();
        collect_files(&self.bucket(), "", &mut keys);
        keys.sort();
        keys
    }
}

fn collect_files(folder: &Path, prefix: &str, keys: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        match entry.file_type().unwrap().is_dir() {
            true => collect_files(&entry.path(), &format!("{prefix}{name}/"), keys),
            false => keys.push(format!("{prefix}{name}")),
        }
    }
}

fn has_parts<'a>(line: &str, parts: impl Iterator<Item = &'a str>) -> bool {
    let mut rest = line;
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    true
}

async fn accept(listener: TcpListener, acceptor: Option<TlsAcceptor>, front: Arc<Front>) {
    while let Ok((stream, _)) = listener.accept().await {
        front.connections.fetch_add(1, Ordering::Relaxed);
        let (front, acceptor) = (front.clone(), acceptor.clone());
        tokio::spawn(async move {
            match acceptor {
                None => serve(stream, front).await,
                // Whoever does not trust it leaves.
                Some(acceptor) => {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        serve(stream, front).await;
                    }
                }
            }
        });
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, front: Arc<Front>) {
    let answer = hyper::service::service_fn(move |request| {
        let front = front.clone();
        async move { front.answer(request).await }
    });
    // A connection that breaks is what is wanted.
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), answer)
        .await;
}

type Broken = std::io::Error;

impl Front {
    async fn answer(&self, request: Request<Incoming>) -> Result<Response<BoxBody<Bytes, Broken>>, Broken> {
        let line = format!("{} {}", request.method(), request.uri());
        self.seen.lock().unwrap().push(line.clone());
        match self.fault(&line) {
            None => self.done(request).await,
            Some(Fault::Busy) => Ok(answer(503, "<Error><Code>SlowDown</Code></Error>")),
            Some(Fault::Answer(status, text)) => Ok(answer(status, text)),
            Some(Fault::DoneWith(text)) => {
                self.done(request).await?.into_body().collect().await?;
                Ok(answer(200, text))
            }
            Some(Fault::AnswerLost) => {
                self.done(request).await?.into_body().collect().await?;
                Err(Broken::other("the answer is lost"))
            }
            Some(Fault::Torn(bytes)) => {
                let (parts, body) = self.done(request).await?.into_parts();
                let mut whole = body.collect().await?.to_bytes();
                let body = Torn(Some(whole.split_to(bytes.min(whole.len()))));
                Ok(Response::from_parts(parts, body.boxed()))
            }
            Some(Fault::Silence) => std::future::pending().await,
            Some(Fault::Slow(pause)) => {
                tokio::time::sleep(pause).await;
                self.done(request).await
            }
        }
    }

    async fn done(&self, request: Request<Incoming>) -> Result<Response<BoxBody<Bytes, Broken>>, Broken> {
        let answer = self
            .service
            .call(request.map(s3s::Body::from))
            .await
            .map_err(|error| Broken::other(format!("{error:?}")))?;
        let (parts, body) = answer.into_parts();
        // What the store makes of it is not shared between threads.
        let whole = body
            .collect()
            .await
            .map_err(|error| Broken::other(error.to_string()))?
            .to_bytes();
        let body = http_body_util::Full::from(whole).map_err(|never: Infallible| match never {});
        Ok(Response::from_parts(parts, body.boxed()))
    }

    fn fault(&self, line: &str) -> Option<Fault> {
        let mut rules = self.rules.lock().unwrap();
        let at = rules
            .iter()
            .position(|rule| has_parts(line, rule.parts.iter().map(String::as_str)))?;
        rules[at].times -= 1;
        let fault = rules[at].fault;
        if rules[at].times == 0 {
            rules.remove(at);
        }
        Some(fault)
    }
}

fn answer(status: u16, text: &'static str) -> Response<BoxBody<Bytes, Broken>> {
    let body = http_body_util::Full::from(text).map_err(|never: Infallible| match never {});
    let mut answer = Response::new(body.boxed());
    *answer.status_mut() = StatusCode::from_u16(status).unwrap();
    answer
}

/// Some bytes, and then no more though more were announced.
struct Torn(Option<Bytes>);

impl Body for Torn {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        Poll::Ready(Some(match self.0.take() {
            Some(bytes) => Ok(Frame::data(bytes)),
            None => Err(Broken::other("the body is torn")),
        }))
    }
}

/// Keys by the ids of uploads.
#[derive(Clone, Default)]
struct Uploads(Arc<Mutex<BTreeMap<String, String>>>);

/// The store over a folder, which can also say which uploads there are.
struct Store {
    files: FileSystem,
    uploads: Uploads,
}

/// Uploads on one page of their list.
const UPLOADS_LISTED_MAX: usize = 2;

#[async_trait::async_trait]
impl S3 for Store {
    async fn get_object(
        &self,
        request: S3Request<dto::GetObjectInput>,
    ) -> S3Result<S3Response<dto::GetObjectOutput>> {
        self.files.get_object(request).await
    }

    async fn head_object(
        &self,
        request: S3Request<dto::HeadObjectInput>,
    ) -> S3Result<S3Response<dto::HeadObjectOutput>> {
        self.files.head_object(request).await
    }

    async fn put_object(
        &self,
        request: S3Request<dto::PutObjectInput>,
    ) -> S3Result<S3Response<dto::PutObjectOutput>> {
        self.files.put_object(request).await
    }

    async fn delete_object(
        &self,
        request: S3Request<dto::DeleteObjectInput>,
    ) -> S3Result<S3Response<dto::DeleteObjectOutput>> {
        self.files.delete_object(request).await
    }

    async fn list_objects_v2(
        &self,
        request: S3Request<dto::ListObjectsV2Input>,
    ) -> S3Result<S3Response<dto::ListObjectsV2Output>> {
        self.files.list_objects_v2(request).await
    }

    async fn create_multipart_upload(
        &self,
        request: S3Request<dto::CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<dto::CreateMultipartUploadOutput>> {
        let key = request.input.key.clone();
        let answer = self.files.create_multipart_upload(request).await?;
        let id = answer.output.upload_id.clone().unwrap();
        self.uploads.0.lock().unwrap().insert(id, key);
        Ok(answer)
    }

    async fn upload_part(
        &self,
        request: S3Request<dto::UploadPartInput>,
    ) -> S3Result<S3Response<dto::UploadPartOutput>> {
        self.files.upload_part(request).await
    }

    async fn complete_multipart_upload(
        &self,
        request: S3Request<dto::CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<dto::CompleteMultipartUploadOutput>> {
        let id = request.input.upload_id.clone();
        if !self.uploads.0.lock().unwrap().contains_key(&id) {
            return Err(s3s::s3_error!(NoSuchUpload));
        }
        let answer = self.files.complete_multipart_upload(request).await?;
        self.uploads.0.lock().unwrap().remove(&id);
        Ok(answer)
    }

    async fn abort_multipart_upload(
        &self,
        request: S3Request<dto::AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<dto::AbortMultipartUploadOutput>> {
        let id = request.input.upload_id.clone();
        let answer = self.files.abort_multipart_upload(request).await?;
        self.uploads.0.lock().unwrap().remove(&id);
        Ok(answer)
    }

    async fn list_multipart_uploads(
        &self,
        request: S3Request<dto::ListMultipartUploadsInput>,
    ) -> S3Result<S3Response<dto::ListMultipartUploadsOutput>> {
        let input = request.input;
        let prefix = input.prefix.unwrap_or_default();
        let behind = (
            input.key_marker.unwrap_or_default(),
            input.upload_id_marker.unwrap_or_default(),
        );
        let uploads = self.uploads.0.lock().unwrap();
        let mut found: Vec<(String, String)> = uploads
            .iter()
            .map(|(id, key)| (key.clone(), id.clone()))
            .filter(|(key, id)| key.starts_with(&prefix) && (key, id) > (&behind.0, &behind.1))
            .collect();
        found.sort();
        let is_truncated = found.len() > UPLOADS_LISTED_MAX;
        found.truncate(UPLOADS_LISTED_MAX);
        let last = found.last().filter(|_| is_truncated).cloned();
        let listed = found.into_iter().map(|(key, id)| dto::MultipartUpload {
            key: Some(key),
            upload_id: Some(id),
            ..Default::default()
        });
        Ok(S3Response::new(dto::ListMultipartUploadsOutput {
            is_truncated: Some(is_truncated),
            next_key_marker: last.as_ref().map(|(key, _)| key.clone()),
            next_upload_id_marker: last.map(|(_, id)| id),
            uploads: Some(listed.collect()),
            ..Default::default()
        }))
    }
}
