//! What `CREATE TABLE ... LIKE` takes over from its base table.
//!
//! The defaults and the conflicts are those of Flink's `MergeTableLikeUtil`.

use model::Diagnostic;
use sql::ast::{LikeClause, LikeFeature, LikeMerge, LikeOption};

use LikeFeature::{All, Constraints, Distribution, Generated, Metadata, Options, Partitions, Watermarks};
use LikeMerge::{Including, Overwriting};

/// One strategy a feature.
#[derive(Debug, Clone, Copy)]
pub struct Strategies {
    pub constraints: LikeMerge,
    pub distribution: LikeMerge,
    pub generated: LikeMerge,
    pub metadata: LikeMerge,
    pub options: LikeMerge,
    pub partitions: LikeMerge,
    pub watermarks: LikeMerge,
}

impl Default for Strategies {
    fn default() -> Self {
        Strategies {
            options: Overwriting,
            ..Strategies::all(Including)
        }
    }
}

impl Strategies {
    pub fn of(clause: &LikeClause) -> Result<Strategies, Diagnostic> {
        check(&clause.options)?;
        let all = clause.options.iter().find(|option| option.feature == All);
        let mut strategies = match all {
            Some(option) => Strategies::all(option.merge),
            None => Strategies::default(),
        };
        for option in &clause.options {
            match option.feature {
                All => {}
                Constraints => strategies.constraints = option.merge,
                Distribution => strategies.distribution = option.merge,
                Generated => strategies.generated = option.merge,
                Metadata => strategies.metadata = option.merge,
                Options => strategies.options = option.merge,
                Partitions => strategies.partitions = option.merge,
                Watermarks => strategies.watermarks = option.merge,
            }
        }
        Ok(strategies)
    }

    fn all(merge: LikeMerge) -> Strategies {
        Strategies {
            constraints: merge,
            distribution: merge,
            generated: merge,
            metadata: merge,
            options: merge,
            partitions: merge,
            watermarks: merge,
        }
    }
}

fn check(options: &[LikeOption]) -> Result<(), Diagnostic> {
    for (index, option) in options.iter().enumerate() {
        if options[..index]
            .iter()
            .any(|other| other.feature == option.feature)
        {
            return Err(Diagnostic::validation(
                option.span,
                "each feature of LIKE can be named only once",
            ));
        }
        let all_or_nothing = matches!(option.feature, All | Constraints | Distribution | Partitions);
        if option.merge == Overwriting && all_or_nothing {
            let message = format!("OVERWRITING is not possible for {}", feature_name(option.feature));
            return Err(Diagnostic::validation(option.span, message).hint(
                "use INCLUDING or EXCLUDING; OVERWRITING is for GENERATED, METADATA, OPTIONS and WATERMARKS",
            ));
        }
    }
    Ok(())
}

fn feature_name(feature: LikeFeature) -> &'static str {
    match feature {
        All => "ALL",
        Constraints => "CONSTRAINTS",
        Distribution => "DISTRIBUTION",
        Generated => "GENERATED",
        Metadata => "METADATA",
        Options => "OPTIONS",
        Partitions => "PARTITIONS",
        Watermarks => "WATERMARKS",
    }
}
