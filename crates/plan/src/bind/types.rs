//! The type that values of several types have in common, as in Flink's UNION, VALUES, CASE and comparisons.
//!
//! Those refuse to mix dates with timestamps, and instants with local times. COALESCE and its like do mix them:
//! they go by [`functions::common_type`].

use model::data_type::DECIMAL_PRECISION_MAX;
use model::{DataType, RowField, TypeKind};

/// The least type that all of them fit; nullable if one of them is. `None` if they do not mix.
pub fn common_type<'a>(types: impl IntoIterator<Item = &'a DataType>) -> Option<DataType> {
    let mut common: Option<DataType> = None;
    for data_type in types {
        common = Some(match common {
            None => data_type.clone(),
            Some(common) => common_of_two(&common, data_type)?,
        });
    }
    common
}

pub fn common_of_two(a: &DataType, b: &DataType) -> Option<DataType> {
    let nullable = a.nullable || b.nullable;
    let kind = common_kind(&a.kind, &b.kind)?;
    Some(DataType { kind, nullable })
}

fn common_kind(a: &TypeKind, b: &TypeKind) -> Option<TypeKind> {
    use TypeKind::*;
    if a == b {
        return Some(a.clone());
    }
    Some(match (a, b) {
        (Null, other) | (other, Null) => other.clone(),
        (a, b) if a.is_numeric() && b.is_numeric() => common_number(a, b),
        (Char(n) | Varchar(n), Char(m) | Varchar(m)) => Varchar(*n.max(m)),
        (Binary(n) | Varbinary(n), Binary(m) | Varbinary(m)) => Varbinary(*n.max(m)),
        (Time(p), Time(q)) => Time(*p.max(q)),
        (Timestamp(p), Timestamp(q)) => Timestamp(*p.max(q)),
        (TimestampLtz(p), TimestampLtz(q)) => TimestampLtz(*p.max(q)),
        (Array(a), Array(b)) => Array(Box::new(common_of_two(a, b)?)),
        (Multiset(a), Multiset(b)) => Multiset(Box::new(common_of_two(a, b)?)),
        (Map(ka, va), Map(kb, vb)) => Map(Box::new(common_of_two(ka, kb)?), Box::new(common_of_two(va, vb)?)),
        (Row(a), Row(b)) if a.len() == b.len() => {
            let fields: Option<Vec<RowField>> = a
                .iter()
                .zip(b)
                .map(|(a, b)| Some(RowField::new(&a.name, common_of_two(&a.data_type, &b.data_type)?)))
                .collect();
            Row(fields?)
        }
        _ => return None,
    })
}

/// Both are numbers and differ.
fn common_number(a: &TypeKind, b: &TypeKind) -> TypeKind {
    use TypeKind::*;
    match (a, b) {
        // Of FLOAT and DOUBLE the first one counts, as in Calcite.
        (Float, Double) => Float,
        (Double, _) | (_, Double) | (Float, Decimal { .. }) | (Decimal { .. }, Float) => Double,
        (Float, _) | (_, Float) => Float,
        _ => {
            let (Some((pa, sa)), Some((pb, sb))) = (a.decimal_digits(), b.decimal_digits()) else {
                return Double;
            };
            if a.is_integer() && b.is_integer() {
                return if pa >= pb { a.clone() } else { b.clone() };
            }
            let whole = pa
                .saturating_sub(sa)
                .max(pb.saturating_sub(sb))
                .min(DECIMAL_PRECISION_MAX);
            let scale = sa.max(sb).min(DECIMAL_PRECISION_MAX - whole);
            Decimal {
                precision: whole + scale,
                scale,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(precision: u8, scale: u8) -> TypeKind {
        TypeKind::Decimal { precision, scale }
    }

    #[test]
    fn types_in_common_are_those_of_flink() {
        use TypeKind::*;
        let cases = [
            (Int, decimal(10, 2), Some(decimal(12, 2))),
            (Int, decimal(2, 1), Some(decimal(11, 1))),
            (TinyInt, BigInt, Some(BigInt)),
            (Float, Int, Some(Float)),
            (Float, Double, Some(Float)),
            (Double, Float, Some(Double)),
            (Float, decimal(10, 2), Some(Double)),
            (Char(1), Char(3), Some(Varchar(3))),
            (Char(2), Varchar(9), Some(Varchar(9))),
            (Timestamp(3), Timestamp(6), Some(Timestamp(6))),
            (Null, Date, Some(Date)),
            (Date, Timestamp(3), None),
            (Int, Varchar(3), None),
            (Boolean, Int, None),
        ];
        for (a, b, expected) in cases {
            let message = format!("{a} and {b}");
            let common = common_of_two(&a.not_null(), &b.nullable());
            assert_eq!(common, expected.map(TypeKind::nullable), "{message}");
        }
    }
}
