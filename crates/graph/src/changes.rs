//! Changes as rows, and rows as changes: the functions TO_CHANGELOG and FROM_CHANGELOG.

use std::fmt;

use model::RowKind;

/// How a column of codes tells the kind of each row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changes {
    /// Every row is added, with the code of its kind before its columns. Rows of kinds without a code are left out.
    ToCodes(Vec<(RowKind, String)>),
    /// Every row is of the kind that the code in this column stands for, which is left out.
    FromCodes {
        column: usize,
        codes: Vec<(String, RowKind)>,
    },
}

impl fmt::Display for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Changes::ToCodes(codes) => {
                f.write_str("ToChangelog(codes=[")?;
                for (number, (kind, code)) in codes.iter().enumerate() {
                    let comma = if number == 0 { "" } else { ", " };
                    write!(f, "{comma}{kind}: {code:?}")?;
                }
                f.write_str("])")
            }
            Changes::FromCodes { column, codes } => {
                write!(f, "FromChangelog(op=${column}, codes=[")?;
                for (number, (code, kind)) in codes.iter().enumerate() {
                    let comma = if number == 0 { "" } else { ", " };
                    write!(f, "{comma}{code:?}: {kind}")?;
                }
                f.write_str("])")
            }
        }
    }
}
