//! Routes with what they need. There is no way to add one without saying so.
//!
//! What follows from the need is written into the OpenAPI document here, once for all routes: the security, the
//! workspace of the path, the problems that any such route answers with.

use axum::Router;
use axum::extract::Request;
use axum::middleware;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{
    ContentBuilder, HeaderBuilder, OpenApi, Ref, RefOr, Required, Response, ResponseBuilder,
};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

use crate::access::{self, Need};
use crate::app::App;
use crate::body::{Held, JSON_BYTES_MAX};
use crate::idempotency;

/// The routes of a noun, or of all of them.
pub struct Routes(OpenApiRouter<App>);

impl Routes {
    pub fn new() -> Routes {
        Routes(OpenApiRouter::default())
    }

    pub fn add(self, need: Need, route: UtoipaMethodRouter<App>) -> Routes {
        self.push(need, route)
    }

    /// As [`Routes::add`], for a POST that creates something: sent again with the same `Idempotency-Key` it is
    /// answered as the first time.
    pub fn add_creating(self, need: Need, route: UtoipaMethodRouter<App>) -> Routes {
        self.add_creating_from(need, JSON_BYTES_MAX, route)
    }

    /// As [`Routes::add_creating`], from a body of at most so many bytes.
    pub fn add_creating_from(
        self,
        need: Need,
        bytes_max: usize,
        (schemas, mut paths, methods): UtoipaMethodRouter<App>,
    ) -> Routes {
        for item in paths.paths.values_mut() {
            for operation in operations(item) {
                add_parameter(operation, idempotency_key());
            }
        }
        let once = middleware::from_fn(move |request, next| idempotency::once(bytes_max, request, next));
        self.push(need, (schemas, paths, methods.route_layer(once)))
    }

    fn push(self, need: Need, (schemas, mut paths, methods): UtoipaMethodRouter<App>) -> Routes {
        for (path, item) in &mut paths.paths {
            for operation in operations(item) {
                document(path, operation, need);
            }
        }
        let methods = methods.route_layer(middleware::from_fn(
            move |mut request: Request, next| async move {
                // What the body takes is given back when the answer is there.
                let held = Held::default();
                request.extensions_mut().insert(held.clone());
                let response = access::guard(need, request, next).await;
                drop(held);
                response
            },
        ));
        Routes(self.0.routes((schemas, paths, methods)))
    }

    pub fn merge(self, other: Routes) -> Routes {
        Routes(self.0.merge(other.0))
    }

    pub fn with_document(self, complete: impl FnOnce(&mut OpenApi)) -> Routes {
        let Routes(mut router) = self;
        complete(router.get_openapi_mut());
        Routes(router)
    }

    pub fn split(self) -> (Router<App>, OpenApi) {
        self.0.split_for_parts()
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [
        &mut item.get,
        &mut item.put,
        &mut item.post,
        &mut item.delete,
        &mut item.patch,
    ]
    .into_iter()
    .flatten()
}

fn document(path: &str, operation: &mut Operation, need: Need) {
    let extensions = operation.extensions.get_or_insert_default();
    extensions.insert("x-needs".to_string(), need.name().into());
    if path.contains("{ws}") {
        let workspace = ParameterBuilder::new()
            .name("ws")
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .description(Some("The workspace's name."))
            .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
            .build();
        add_parameter(operation, workspace);
    }
    // In the order of their parts in the path, for whoever reads it.
    if let Some(parameters) = &mut operation.parameters {
        parameters.sort_by_key(|parameter| match parameter {
            RefOr::T(parameter) => {
                let place = path.find(&format!("{{{}}}", parameter.name));
                place.unwrap_or(usize::MAX)
            }
            RefOr::Ref(_) => usize::MAX,
        });
    }
    if let Some(RefOr::T(created)) = operation.responses.responses.get_mut("201") {
        let location = HeaderBuilder::new().description(Some("Where it is.")).build();
        created.headers.insert("Location".to_string(), location.into());
    }
    let mut problems = vec![("default", "Any other problem")];
    if operation.request_body.is_some() {
        problems.push(("400", "The request cannot be read"));
        problems.push(("413", "The body is too large"));
        problems.push(("415", "The body is of another type"));
        problems.push(("422", "The request is not valid"));
    }
    if path.contains('{') {
        problems.push(("404", "There is no such thing"));
    }
    let has = |name: &str| parameters(operation).any(|parameter| parameter.name == name);
    if has("If-Match") {
        problems.push(("412", "It was changed meanwhile"));
        problems.push(("428", "If-Match is missing"));
    }
    if has("limit") {
        problems.push(("400", "The request cannot be read"));
    }
    if need == Need::Nothing {
        operation.security = Some(Vec::new());
    } else {
        problems.push(("401", "Not signed in"));
        problems.push(("403", "Not allowed"));
        operation.security = Some(vec![
            SecurityRequirement::new("session", [""; 0]),
            SecurityRequirement::new("token", [""; 0]),
        ]);
    }
    for (status, description) in problems {
        let responses = &mut operation.responses.responses;
        responses
            .entry(status.to_string())
            .or_insert_with(|| problem(description).into());
    }
}

fn parameters(operation: &Operation) -> impl Iterator<Item = &Parameter> {
    let all = operation.parameters.iter().flatten();
    all.filter_map(|parameter| match parameter {
        RefOr::T(parameter) => Some(parameter),
        RefOr::Ref(_) => None,
    })
}

fn add_parameter(operation: &mut Operation, parameter: Parameter) {
    let parameters = operation.parameters.get_or_insert_default();
    parameters.push(parameter.into());
}

fn problem(description: &str) -> Response {
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("Problem")))
        .build();
    ResponseBuilder::new()
        .description(description)
        .content("application/problem+json", content)
        .build()
}

fn idempotency_key() -> Parameter {
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "Sent again with the same key and the same body, the request is answered as the first time.",
        ))
        .schema(Some(
            ObjectBuilder::new()
                .schema_type(Type::String)
                .min_length(Some(1))
                .max_length(Some(200)),
        ))
        .build()
}
