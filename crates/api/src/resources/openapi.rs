//! The document that says all this to programs.

use std::sync::LazyLock;

use axum::http::{HeaderValue, header};
use axum::response::IntoResponse;
use utoipa::OpenApi as _;
use utoipa::openapi::schema::ArrayItems;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Components, InfoBuilder, License, OpenApi, Ref, RefOr, Schema, ServerBuilder};
use utoipa_axum::routes;

use crate::BASE;
use crate::access::Need;
use crate::credentials::COOKIE;
use crate::problem::Problem;
use crate::resources::{bundle, preview, streams};
use crate::routes::Routes;

const DESCRIPTION: &str = "Everything the platform does. Ids are texts and times RFC 3339; lists are pages; \
     drafts and deployments have revisions (`ETag`, `If-Match`); a POST that creates takes an `Idempotency-Key`. \
     What is refused is answered by a problem document (RFC 9457). `x-needs` says who may call a route: nobody in \
     particular (`nothing`), anybody known (`signed_in`), a role in the workspace, or `admin`. Requests by session \
     that change something send the session's token as `X-CSRF-Token`.";

pub fn routes() -> Routes {
    Routes::new().add(Need::Nothing, routes!(get_openapi))
}

/// What no route alone says.
#[derive(utoipa::OpenApi)]
#[openapi(components(schemas(
    Problem,
    preview::PreviewSchema,
    preview::PreviewRows,
    preview::PreviewStatistics,
    preview::PreviewEnd,
    preview::PreviewFailed,
    streams::DeploymentChanged,
    bundle::BundleReport,
)))]
struct Shared;

pub fn complete(document: &mut OpenApi) {
    document.info = InfoBuilder::new()
        .title("Oceanus")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(DESCRIPTION))
        .license(Some(License::new("Apache-2.0")))
        .build();
    document.servers = Some(vec![ServerBuilder::new().url(BASE).build()]);
    let shared = Shared::openapi().components.unwrap_or_default();
    let components = document.components.get_or_insert_with(Components::new);
    components.schemas.extend(shared.schemas);
    for (name, page) in &mut components.schemas {
        if let Some(item) = name.strip_prefix("Page_") {
            refer_to_items(page, item);
        }
    }
    components.add_security_scheme(
        "session",
        SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(COOKIE))),
    );
    let token = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("oct_...")
        .build();
    components.add_security_scheme("token", SecurityScheme::Http(token));
}

/// The items of a page are a schema of their own, and not written out again.
fn refer_to_items(page: &mut RefOr<Schema>, item: &str) {
    if let RefOr::T(Schema::Object(page)) = page
        && let Some(RefOr::T(Schema::Array(items))) = page.properties.get_mut("items")
    {
        items.items = ArrayItems::RefOrSchema(Box::new(Ref::from_schema_name(item).into()));
    }
}

/// This document
#[utoipa::path(
    get,
    path = "/openapi.json",
    tag = "server",
    responses((status = 200, description = "OpenAPI 3.1", body = serde_json::Value))
)]
async fn get_openapi() -> impl IntoResponse {
    // It is the same as long as the program runs.
    static DOCUMENT: LazyLock<String> = LazyLock::new(|| {
        crate::openapi()
            .to_json()
            .unwrap_or_else(|fault| fault.to_string())
    });
    let json = HeaderValue::from_static("application/json");
    ([(header::CONTENT_TYPE, json)], DOCUMENT.as_str())
}
