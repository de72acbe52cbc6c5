//! Artifacts: uploaded files, named by the hash of what they hold. The same file sent twice is there once.

use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use store::Role;
use tokio::fs::File;
use tokio::io::AsyncReadExt;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use crate::access::{InWorkspace, Need};
use crate::app::{App, turn};
use crate::body::{Json, Path, Query, media_type, read};
use crate::etag::Created;
use crate::page::{Page, PageQuery};
use crate::problem::{Problem, Result};
use crate::routes::Routes;
use crate::time::Time;

const UPLOAD_TIME_MAX: Duration = Duration::from_secs(600);
/// Of a file that is on its way to a reader.
const CHUNK_BYTES: usize = 64 << 10;
const CHUNKS_WAITING_MAX: usize = 2;
const TYPES: [&str; 2] = ["application/java-archive", "application/octet-stream"];

#[derive(Debug, Serialize, ToSchema)]
struct Artifact {
    /// SHA-256 of the bytes, in hex.
    hash: String,
    /// As it was called when it was uploaded.
    name: String,
    size_bytes: u64,
    created_at: Time,
}

/// An artifact that was looked through and kept.
#[derive(Debug, Serialize, ToSchema)]
struct NewArtifact {
    #[serde(flatten)]
    known: Artifact,
    /// Files and folders in it.
    entries: usize,
    unpacked_bytes: u64,
    /// What its manifest says is run.
    #[schema(required)]
    main_class: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct UploadQuery {
    /// What to call it: `rules.jar`.
    name: String,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct ArtifactPath {
    /// SHA-256 of the bytes, in hex.
    hash: String,
}

impl From<store::Artifact> for Artifact {
    fn from(artifact: store::Artifact) -> Artifact {
        Artifact {
            hash: artifact.hash,
            name: artifact.name,
            size_bytes: artifact.size_bytes,
            created_at: Time::of(artifact.created_at),
        }
    }
}

pub fn routes() -> Routes {
    Routes::new()
        .add(Need::Role(Role::Viewer), routes!(list_artifacts))
        .add(Need::Role(Role::Developer), routes!(upload_artifact))
        .add(Need::Role(Role::Viewer), routes!(get_artifact))
        .add(Need::Role(Role::Viewer), routes!(get_artifact_content))
        .add(Need::Role(Role::Developer), routes!(delete_artifact))
}

/// Artifacts, by hash
#[utoipa::path(
    get,
    path = "/workspaces/{ws}/artifacts",
    tag = "artifacts",
    params(PageQuery),
    responses((status = 200, description = "A page", body = Page<Artifact>))
)]
async fn list_artifacts(
    State(app): State<App>,
    at: InWorkspace,
    page: PageQuery,
) -> Result<Json<Page<Artifact>>> {
    let artifacts = app.store().artifacts();
    let artifacts = artifacts.list(&at.name, &page.request()).await?;
    Ok(Json(Page::of(artifacts, Artifact::from)))
}

/// Upload a JAR
///
/// It is looked through before it is kept: complete, small enough when unpacked, and with no name that leads out.
#[utoipa::path(
    post,
    path = "/workspaces/{ws}/artifacts",
    tag = "artifacts",
    params(UploadQuery),
    request_body(content(
        (Vec<u8> = "application/java-archive"),
        (Vec<u8> = "application/octet-stream"),
    )),
    responses((status = 201, description = "It is there", body = NewArtifact))
)]
async fn upload_artifact(
    State(app): State<App>,
    at: InWorkspace,
    Query(query): Query<UploadQuery>,
    request: Request,
) -> Result<Created<NewArtifact>> {
    if !TYPES.contains(&media_type(&request).as_str()) {
        return Err(Problem::unsupported(format!(
            "the body must be {}",
            TYPES.join(" or ")
        )));
    }
    // Whoever sends slowly is in nobody's way but for the room of what was sent.
    let bytes = read(request, app.settings.upload_bytes_max, UPLOAD_TIME_MAX).await?;
    let _turn = turn(&app.uploads).await?;
    let (artifact, jar) = app
        .jobs
        .keep_artifact(&at.actor(), &at.name, &query.name, Vec::from(bytes))
        .await?;
    Ok(Created {
        location: format!("/workspaces/{}/artifacts/{}", at.name, artifact.hash),
        revision: None,
        body: NewArtifact {
            known: Artifact::from(artifact),
            entries: jar.entries,
            unpacked_bytes: jar.unpacked_bytes,
            main_class: jar.main_class,
        },
    })
}

/// What is known of an artifact
#[utoipa::path(
    get,
    path = "/workspaces/{ws}/artifacts/{hash}",
    tag = "artifacts",
    params(ArtifactPath),
    responses((status = 200, description = "The artifact", body = Artifact))
)]
async fn get_artifact(
    State(app): State<App>,
    at: InWorkspace,
    Path(path): Path<ArtifactPath>,
) -> Result<Json<Artifact>> {
    let artifact = app.store().artifacts().get(&at.name, &path.hash).await?;
    Ok(Json(Artifact::from(artifact)))
}

/// Download an artifact
#[utoipa::path(
    get,
    path = "/workspaces/{ws}/artifacts/{hash}/content",
    tag = "artifacts",
    params(ArtifactPath),
    responses((status = 200, description = "Its bytes", body = Vec<u8>, content_type = "application/octet-stream"))
)]
async fn get_artifact_content(
    State(app): State<App>,
    at: InWorkspace,
    Path(path): Path<ArtifactPath>,
) -> Result<Response> {
    let artifacts = app.store().artifacts();
    let artifact = artifacts.get(&at.name, &path.hash).await?;
    let file = tokio::fs::File::open(artifacts.path(&artifact))
        .await
        .map_err(|fault| Problem::logged(&fault))?;
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/octet-stream"),
        ),
        (header::CONTENT_LENGTH, HeaderValue::from(artifact.size_bytes)),
        // Whatever it holds, a browser keeps it as a file.
        (
            header::CONTENT_DISPOSITION,
            HeaderValue::from_static("attachment"),
        ),
    ];
    Ok((headers, Body::from_stream(chunks(file))).into_response())
}

/// A file piece by piece, as fast as it is taken.
fn chunks(mut file: File) -> ReceiverStream<io::Result<Bytes>> {
    let (sender, receiver) = mpsc::channel(CHUNKS_WAITING_MAX);
    tokio::spawn(async move {
        loop {
            let mut chunk = Vec::with_capacity(CHUNK_BYTES);
            let read = file.read_buf(&mut chunk).await;
            let is_last = !matches!(read, Ok(count) if count > 0);
            let sent = match read {
                Ok(0) => Ok(()),
                Ok(_) => sender.send(Ok(Bytes::from(chunk))).await,
                Err(fault) => sender.send(Err(fault)).await,
            };
            if is_last || sent.is_err() {
                return;
            }
        }
    });
    ReceiverStream::new(receiver)
}

/// Delete an artifact
#[utoipa::path(
    delete,
    path = "/workspaces/{ws}/artifacts/{hash}",
    tag = "artifacts",
    params(ArtifactPath),
    responses((status = 204, description = "Deleted"))
)]
async fn delete_artifact(
    State(app): State<App>,
    at: InWorkspace,
    Path(path): Path<ArtifactPath>,
) -> Result<StatusCode> {
    app.store()
        .artifacts()
        .delete(&at.name, &path.hash, &at.actor())
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
