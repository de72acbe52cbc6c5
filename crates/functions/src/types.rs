//! Types of results: what several types have in common, which casts happen by themselves, and the digits of
//! decimal arithmetic.
//!
//! Follows Flink's `LogicalTypeMerging` and `LogicalTypeCasts`, which in turn follow Calcite and SQL Server.

use model::{DataType, RowField, TypeKind};

const PRECISION_MAX: i32 = model::data_type::DECIMAL_PRECISION_MAX as i32;
/// Digits after the point that a result over 38 digits keeps if it had them.
const SCALE_KEPT: i32 = 6;

/// What FLOAT and DOUBLE have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Floats {
    /// DOUBLE, as for the arguments of functions.
    Widest,
    /// The first of them, as Calcite has it where values are put together.
    First,
}

/// The least type that holds all of these; `None` if there is none, or if all are untyped NULLs.
pub fn common_type(types: &[DataType]) -> Option<DataType> {
    common(types, Floats::Widest)
}

/// As [`common_type`], for the elements of an array or a map: FLOAT and DOUBLE become what stands first.
pub(crate) fn common_element_type(types: &[DataType]) -> Option<DataType> {
    common(types, Floats::First)
}

fn common(types: &[DataType], floats: Floats) -> Option<DataType> {
    let nullable = types.iter().any(|t| t.nullable || t.kind == TypeKind::Null);
    let mut found: Option<TypeKind> = None;
    for data_type in types {
        if data_type.kind == TypeKind::Null {
            continue;
        }
        found = Some(match found {
            None => data_type.kind.clone(),
            Some(so_far) => common_kind(&so_far, &data_type.kind, floats)?,
        });
    }
    found.map(|kind| DataType { kind, nullable })
}

fn common_kind(a: &TypeKind, b: &TypeKind, floats: Floats) -> Option<TypeKind> {
    if a == b {
        return Some(a.clone());
    }
    if a.is_numeric() && b.is_numeric() {
        return common_number(a, b, floats);
    }
    if let (Some(x), Some(y)) = (text_length(a), text_length(b)) {
        return Some(TypeKind::Varchar(x.max(y)));
    }
    if let (Some(x), Some(y)) = (binary_length(a), binary_length(b)) {
        return Some(TypeKind::Varbinary(x.max(y)));
    }
    common_time(a, b).or_else(|| common_nested(a, b, floats))
}

fn text_length(kind: &TypeKind) -> Option<u32> {
    match kind {
        TypeKind::Char(length) | TypeKind::Varchar(length) => Some(*length),
        _ => None,
    }
}

fn binary_length(kind: &TypeKind) -> Option<u32> {
    match kind {
        TypeKind::Binary(length) | TypeKind::Varbinary(length) => Some(*length),
        _ => None,
    }
}

fn common_number(a: &TypeKind, b: &TypeKind, floats: Floats) -> Option<TypeKind> {
    if floats == Floats::First && a.is_approximate_numeric() && b.is_approximate_numeric() {
        return Some(a.clone());
    }
    if a.is_approximate_numeric() || b.is_approximate_numeric() {
        let decimal = matches!(a, TypeKind::Decimal { .. }) || matches!(b, TypeKind::Decimal { .. });
        let double = *a == TypeKind::Double || *b == TypeKind::Double;
        return Some(if decimal || double {
            TypeKind::Double
        } else {
            TypeKind::Float
        });
    }
    let (p1, s1) = a.decimal_digits()?;
    let (p2, s2) = b.decimal_digits()?;
    if a.is_integer() && b.is_integer() {
        return Some(if p1 >= p2 { a.clone() } else { b.clone() });
    }
    let whole = (p1 - s1).max(p2 - s2).min(38);
    let scale = s1.max(s2).min(38 - whole);
    Some(TypeKind::Decimal {
        precision: whole + scale,
        scale,
    })
}

fn common_time(a: &TypeKind, b: &TypeKind) -> Option<TypeKind> {
    use TypeKind::{Time, Timestamp, TimestampLtz};
    Some(match (a, b) {
        (Time(p), Time(q)) => Time(*p.max(q)),
        (Timestamp(p), Timestamp(q)) => Timestamp(*p.max(q)),
        (TimestampLtz(p), TimestampLtz(q))
        | (TimestampLtz(p), Timestamp(q))
        | (Timestamp(p), TimestampLtz(q)) => TimestampLtz(*p.max(q)),
        _ => return None,
    })
}

fn common_nested(a: &TypeKind, b: &TypeKind, floats: Floats) -> Option<TypeKind> {
    let common = |a: &DataType, b: &DataType| common(&[a.clone(), b.clone()], floats);
    let common_child = |a: &DataType, b: &DataType| {
        if a.kind == TypeKind::Null && b.kind == TypeKind::Null {
            return Some(a.clone());
        }
        common(a, b)
    };
    match (a, b) {
        (TypeKind::Array(a), TypeKind::Array(b)) => Some(TypeKind::Array(Box::new(common_child(a, b)?))),
        (TypeKind::Multiset(a), TypeKind::Multiset(b)) => {
            Some(TypeKind::Multiset(Box::new(common_child(a, b)?)))
        }
        (TypeKind::Map(k1, v1), TypeKind::Map(k2, v2)) => Some(TypeKind::Map(
            Box::new(common_child(k1, k2)?),
            Box::new(common_child(v1, v2)?),
        )),
        (TypeKind::Row(a), TypeKind::Row(b)) if a.len() == b.len() => a
            .iter()
            .zip(b)
            .map(|(a, b)| {
                Some(RowField::new(
                    a.name.clone(),
                    common_child(&a.data_type, &b.data_type)?,
                ))
            })
            .collect::<Option<Vec<_>>>()
            .map(TypeKind::Row),
        _ => None,
    }
}

/// Whether Flink casts by itself where a value of type `from` meets a place of type `to`: for arguments of
/// functions and for `UNION`. Nullability is not looked at.
pub fn can_cast_implicitly(from: &DataType, to: &DataType) -> bool {
    use TypeKind::{Array, Binary, Char, Date, Map, Multiset, Row, Time, Timestamp, TimestampLtz};
    let (a, b) = (&from.kind, &to.kind);
    if a == b || *a == TypeKind::Null {
        return true;
    }
    match (a, b) {
        (Char(_), Char(_)) | (Binary(_), Binary(_)) => true,
        (_, TypeKind::Varchar(_)) => a.is_string(),
        (_, TypeKind::Varbinary(_)) => a.is_binary(),
        (_, TypeKind::Decimal { .. } | TypeKind::Double) => a.is_numeric(),
        (_, TypeKind::Float) => a.is_exact_numeric(),
        (_, TypeKind::SmallInt | TypeKind::Int | TypeKind::BigInt) if a.is_integer() => {
            a.decimal_digits() <= b.decimal_digits()
        }
        (Date, Timestamp(_) | TimestampLtz(_)) | (Timestamp(_), Date) => true,
        (Time(_), Time(_)) | (Timestamp(_), Time(_)) => true,
        (Timestamp(_) | TimestampLtz(_), Timestamp(_) | TimestampLtz(_)) => true,
        (Array(a), Array(b)) | (Multiset(a), Multiset(b)) => can_cast_implicitly(a, b),
        (Map(k1, v1), Map(k2, v2)) => can_cast_implicitly(k1, k2) && can_cast_implicitly(v1, v2),
        (Row(a), Row(b)) => {
            a.len() == b.len()
                && a.iter()
                    .zip(b)
                    .all(|(a, b)| can_cast_implicitly(&a.data_type, &b.data_type))
        }
        _ => false,
    }
}

/// Cuts digits of a result over 38: the scale gives way first, down to six digits.
fn adjusted(precision: i32, scale: i32) -> TypeKind {
    let (precision, scale) = if precision <= PRECISION_MAX {
        (precision, scale)
    } else {
        let whole = precision - scale;
        (PRECISION_MAX, (PRECISION_MAX - whole).max(scale.min(SCALE_KEPT)))
    };
    TypeKind::Decimal {
        precision: precision as u8,
        scale: scale as u8,
    }
}

type Digits = (u8, u8);

fn wide(digits: Digits) -> (i32, i32) {
    (i32::from(digits.0), i32::from(digits.1))
}

pub(crate) fn add_type(a: Digits, b: Digits) -> TypeKind {
    let ((p1, s1), (p2, s2)) = (wide(a), wide(b));
    let scale = s1.max(s2);
    adjusted((p1 - s1).max(p2 - s2) + scale + 1, scale)
}

pub(crate) fn multiply_type(a: Digits, b: Digits) -> TypeKind {
    let ((p1, s1), (p2, s2)) = (wide(a), wide(b));
    adjusted(p1 + p2 + 1, s1 + s2)
}

pub(crate) fn divide_type(a: Digits, b: Digits) -> TypeKind {
    let ((p1, s1), (p2, s2)) = (wide(a), wide(b));
    let scale = SCALE_KEPT.max(s1 + p2 + 1);
    adjusted(p1 - s1 + s2 + scale, scale)
}

pub(crate) fn modulo_type(a: Digits, b: Digits) -> TypeKind {
    let ((p1, s1), (p2, s2)) = (wide(a), wide(b));
    let scale = s1.max(s2);
    adjusted((p1 - s1).min(p2 - s2) + scale, scale)
}

/// The type of `ROUND` and `TRUNCATE` to so many digits.
pub(crate) fn round_type((precision, scale): Digits, digits: i32) -> TypeKind {
    let (p, s) = (i32::from(precision), i32::from(scale));
    let (precision, scale) = if digits >= s {
        (p, s)
    } else if digits < 0 {
        (PRECISION_MAX.min(1 + p - s), 0)
    } else {
        (1 + p - s + digits, digits)
    };
    TypeKind::Decimal {
        precision: precision as u8,
        scale: scale as u8,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(precision: u8, scale: u8) -> TypeKind {
        TypeKind::Decimal { precision, scale }
    }

    #[test]
    fn common_types_are_flinks() {
        use TypeKind::*;
        for (a, b, expected) in [
            (Int, BigInt, Some(BigInt)),
            (Int, decimal(2, 1), Some(decimal(11, 1))),
            (decimal(38, 0), decimal(38, 38), Some(decimal(38, 0))),
            (Int, Float, Some(Float)),
            (Float, decimal(3, 1), Some(Double)),
            (Char(1), Char(3), Some(Varchar(3))),
            (Char(3), Char(3), Some(Char(3))),
            (Char(3), TypeKind::STRING, Some(TypeKind::STRING)),
            (Date, Timestamp(3), None),
            (Timestamp(0), Timestamp(6), Some(Timestamp(6))),
            (Int, TypeKind::STRING, None),
            (Boolean, Int, None),
        ] {
            for (a, b) in [(a.clone(), b.clone()), (b, a)] {
                let found = common_type(&[a.clone().not_null(), b.clone().not_null()]);
                assert_eq!(found, expected.clone().map(TypeKind::not_null), "{a} and {b}");
            }
        }
        for (a, b, expected) in [
            (Float, Double, Float),
            (Double, Float, Double),
            (Int, Float, Float),
        ] {
            let types = [a.clone().not_null(), b.clone().not_null()];
            let array = |kind: TypeKind| TypeKind::Array(Box::new(kind.not_null())).not_null();
            assert_eq!(common_element_type(&types), Some(expected.clone().not_null()));
            assert_eq!(
                common_element_type(&[array(a.clone()), array(b.clone())]),
                Some(array(expected))
            );
            let widest = common_type(&types).map(|common| common.kind);
            assert_eq!(widest, Some(if a == Int { Float } else { Double }));
        }
        assert_eq!(
            common_type(&[Null.nullable(), Int.not_null()]),
            Some(Int.nullable())
        );
        assert_eq!(common_type(&[Null.nullable()]), None);
    }

    #[test]
    fn decimal_results_keep_their_whole_part() {
        assert_eq!(add_type((10, 2), (10, 0)), decimal(13, 2));
        assert_eq!(multiply_type((10, 2), (10, 2)), decimal(21, 4));
        assert_eq!(multiply_type((38, 18), (38, 18)), decimal(38, 6));
        assert_eq!(divide_type((10, 2), (10, 2)), decimal(23, 13));
        assert_eq!(divide_type((2, 1), (10, 0)), decimal(13, 12));
        assert_eq!(add_type((38, 10), (38, 2)), decimal(38, 6));
        assert_eq!(add_type((38, 10), (30, 20)), decimal(38, 9));
        assert_eq!(modulo_type((2, 1), (10, 0)), decimal(2, 1));
        assert_eq!(round_type((3, 2), 1), decimal(3, 1));
        assert_eq!(round_type((3, 2), 0), decimal(2, 0));
    }
}
