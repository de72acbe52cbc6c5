//! Pages of lists: `?limit=50&cursor=...&q=...` gives `{"items": [...], "next_cursor": ...}`.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::{Deserialize, Serialize};
use store::{PAGE_ITEMS_DEFAULT, PageRequest};
use utoipa::{IntoParams, ToSchema};

use crate::body::Query;
use crate::problem::{Problem, Result};

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// At most this many items.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// Only what holds this text, in either case of letters.
    q: Option<String>,
}

impl PageQuery {
    pub fn request(self) -> PageRequest {
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        PageRequest {
            limit: self.limit.unwrap_or(PAGE_ITEMS_DEFAULT),
            cursor: given(self.cursor),
            q: given(self.q),
        }
    }
}

/// The page that is asked for.
impl<S: Send + Sync> FromRequestParts<S> for PageQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let Query(page) = Query::from_request_parts(parts, state).await?;
        Ok(page)
    }
}

/// A part of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// What to ask for next; null at the end of the list.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    pub fn of<S>(page: store::Page<S>, show: impl FnMut(S) -> T) -> Page<T> {
        Page {
            items: page.items.into_iter().map(show).collect(),
            next_cursor: page.next_cursor,
        }
    }
}
