//! Names that the model gives: phases, roles and the like, documented with exactly the values there are.

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

macro_rules! named {
    ($($(#[doc = $doc:literal])* $name:ident of $model:ty, $all:expr;)*) => {$(
        $(#[doc = $doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
        #[serde(transparent)]
        pub struct $name(pub $model);

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .description(Some(concat!($($doc),*).trim()))
                    .enum_values(Some($all))
                    .into()
            }
        }

        impl ToSchema for $name {}
    )*};
}

named! {
    /// Where a deployment or a run stands in its life.
    Phase of model::PhaseName, model::PhaseName::ALL.iter().map(|one| one.name());
    /// What should become of a deployment.
    Desired of model::DesiredState, model::DesiredState::ALL.iter().map(|one| one.name());
    /// What a member may do, each role more than the one before.
    Role of store::Role, store::Role::ALL.iter().map(|one| one.name());
}

/// Those that are also sent here.
macro_rules! read {
    ($($name:ident)*) => {$(
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Deserialize::deserialize(deserializer).map($name)
            }
        }
    )*};
}

read!(Desired Role);
