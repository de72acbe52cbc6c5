use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, BooleanArray, Decimal128Array, Float64Array, Int32Array, Int64Array, StringArray,
    UInt32Array,
};
use arrow_select::concat::concat;
use dataflow::{Accumulator, Argument, BoundAggregate, TakesBack};
use model::{DataType, RowKind, TypeKind};
use stdx::Random;

fn bind(name: &str, kind: TypeKind, distinct: bool) -> BoundAggregate {
    let argument = Argument::of(kind.nullable());
    crate::aggregate(name)
        .unwrap()
        .bind(&[argument], distinct)
        .unwrap()
}

fn accumulator(bound: &BoundAggregate, groups: usize) -> Box<dyn Accumulator> {
    let mut accumulator = bound.function.accumulator();
    accumulator.resize(groups);
    accumulator
}

/// The aggregate over one group.
fn over(name: &str, kind: TypeKind, distinct: bool, values: ArrayRef) -> ArrayRef {
    let bound = bind(name, kind, distinct);
    let mut accumulator = accumulator(&bound, 1);
    accumulator
        .update(&vec![0; values.len()], &[values], None, None)
        .unwrap();
    let result = accumulator.evaluate(&UInt32Array::from(vec![0])).unwrap();
    assert_eq!(result.data_type(), &bound.result.arrow());
    result
}

fn ints(values: &[Option<i32>]) -> ArrayRef {
    Arc::new(Int32Array::from(values.to_vec()))
}

fn int_result(name: &str, distinct: bool, values: &[Option<i32>]) -> Option<i64> {
    let result = over(name, TypeKind::Int, distinct, ints(values));
    let any = result.as_any();
    if let Some(array) = any.downcast_ref::<Int64Array>() {
        return (!array.is_null(0)).then(|| array.value(0));
    }
    let array = any.downcast_ref::<Int32Array>().unwrap();
    (!array.is_null(0)).then(|| i64::from(array.value(0)))
}

#[test]
fn nulls_are_passed_over_and_nothing_at_all_is_null() {
    let values = [Some(3), None, Some(1), Some(3), None];
    let nothing = [None, None];
    for (name, distinct, some, none) in [
        ("COUNT", false, Some(3), Some(0)),
        ("COUNT", true, Some(2), Some(0)),
        ("SUM", false, Some(7), None),
        ("SUM", true, Some(4), None),
        ("$SUM0", false, Some(7), Some(0)),
        ("AVG", false, Some(2), None),
        ("AVG", true, Some(2), None),
        ("MIN", false, Some(1), None),
        ("MAX", false, Some(3), None),
        ("FIRST_VALUE", false, Some(3), None),
        ("LAST_VALUE", false, Some(3), None),
    ] {
        assert_eq!(int_result(name, distinct, &values), some, "{name}");
        assert_eq!(int_result(name, distinct, &nothing), none, "{name}");
    }
}

#[test]
fn integers_wrap_in_their_own_type_and_averages_are_cut_off() {
    assert_eq!(
        int_result("SUM", false, &[Some(i32::MAX), Some(1)]),
        Some(i64::from(i32::MIN))
    );
    assert_eq!(
        int_result("AVG", false, &[Some(i32::MAX), Some(i32::MAX)]),
        Some(i64::from(i32::MAX))
    );
    assert_eq!(int_result("AVG", false, &[Some(-1), Some(-2)]), Some(-1));
}

#[test]
fn decimals_widen_and_are_null_beyond_38_digits() {
    let decimal = |values: Vec<i128>, precision: u8, scale: i8| -> ArrayRef {
        Arc::new(
            Decimal128Array::from(values)
                .with_precision_and_scale(precision, scale)
                .unwrap(),
        )
    };
    let kind = |precision, scale| TypeKind::Decimal { precision, scale };
    let value = |array: &ArrayRef| {
        let array = array.as_any().downcast_ref::<Decimal128Array>().unwrap();
        (!array.is_null(0)).then(|| array.value(0))
    };
    assert_eq!(bind("SUM", kind(10, 2), false).result.kind, kind(38, 2));
    assert_eq!(bind("AVG", kind(10, 2), false).result.kind, kind(38, 6));
    assert_eq!(bind("AVG", kind(10, 8), false).result.kind, kind(38, 8));
    let average = over("AVG", kind(3, 2), false, decimal(vec![125, 126, 128], 3, 2));
    assert_eq!(value(&average), Some(1_263_333));
    let most = 10i128.pow(38) - 1;
    assert_eq!(
        value(&over("SUM", kind(38, 0), false, decimal(vec![most, 1], 38, 0))),
        None
    );
    assert_eq!(
        value(&over(
            "SUM",
            kind(38, 0),
            false,
            decimal(vec![most, 1, -1], 38, 0)
        )),
        Some(most)
    );
}

#[test]
fn counting_rows_takes_no_column_and_heeds_filters() {
    let bound = crate::aggregate("COUNT").unwrap().bind(&[], false).unwrap();
    let mut count = accumulator(&bound, 2);
    let filter = BooleanArray::from(vec![Some(true), Some(false), None, Some(true)]);
    count.update(&[0, 0, 1, 1], &[], Some(&filter), None).unwrap();
    count
        .update(&[0, 1], &[], None, Some(&[RowKind::Insert, RowKind::Delete]))
        .unwrap();
    let result = count.evaluate(&UInt32Array::from(vec![0, 1])).unwrap();
    assert_eq!(
        result.as_any().downcast_ref::<Int64Array>().unwrap().values(),
        &[2, 0]
    );
}

#[test]
fn what_keeps_one_value_refuses_to_take_rows_back() {
    for name in ["MIN", "MAX", "FIRST_VALUE", "LAST_VALUE"] {
        let bound = bind(name, TypeKind::Int, false);
        let mut accumulator = accumulator(&bound, 1);
        let error = accumulator
            .update(&[0], &[ints(&[Some(1)])], None, Some(&[RowKind::Delete]))
            .unwrap_err();
        assert!(error.to_string().contains(name), "{error}");
    }
}

#[test]
fn texts_are_compared_by_bytes_and_joined_in_order() {
    let texts: ArrayRef = Arc::new(StringArray::from(vec![
        Some("b"),
        None,
        Some("é"),
        Some("a"),
        Some("b"),
    ]));
    let text = |name: &str, distinct: bool| {
        let result = over(name, TypeKind::STRING, distinct, texts.clone());
        let result = result.as_any().downcast_ref::<StringArray>().unwrap();
        result.value(0).to_string()
    };
    assert_eq!(text("MIN", false), "a");
    assert_eq!(text("MAX", false), "é");
    assert_eq!(text("FIRST_VALUE", false), "b");
    assert_eq!(text("LAST_VALUE", false), "b");
    assert_eq!(text("LISTAGG", false), "b,é,a,b");
    assert_eq!(text("LISTAGG", true), "b,é,a");
}

#[test]
fn spreads_are_those_of_the_textbook() {
    let values: ArrayRef = Arc::new(Float64Array::from(vec![2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]));
    let spread = |name: &str| {
        let result = over(name, TypeKind::Double, false, values.clone());
        result.as_any().downcast_ref::<Float64Array>().unwrap().value(0)
    };
    assert!((spread("STDDEV_POP") - 2.0).abs() < 1e-12);
    assert!((spread("VAR_POP") - 4.0).abs() < 1e-12);
    assert!((spread("VAR_SAMP") - 32.0 / 7.0).abs() < 1e-12);
    let one: ArrayRef = Arc::new(Float64Array::from(vec![1.0]));
    assert!(over("VAR_SAMP", TypeKind::Double, false, one.clone()).is_null(0));
    assert!(!over("VAR_POP", TypeKind::Double, false, one).is_null(0));
}

const SEED: u64 = 20_260_101;

fn random_column(random: &mut Random, kind: &TypeKind, rows: usize) -> ArrayRef {
    let nullable = |random: &mut Random| random.chance(0.9).then(|| random.between(-5, 5));
    let numbers: Vec<Option<i64>> = (0..rows).map(|_| nullable(random)).collect();
    match kind {
        TypeKind::Int => Arc::new(
            numbers
                .iter()
                .map(|n| n.map(|n| n as i32))
                .collect::<Int32Array>(),
        ),
        TypeKind::BigInt => Arc::new(numbers.into_iter().collect::<Int64Array>()),
        // Whole numbers, so that sums do not depend on their order.
        TypeKind::Double => Arc::new(
            numbers
                .iter()
                .map(|n| n.map(|n| n as f64))
                .collect::<Float64Array>(),
        ),
        TypeKind::Decimal { precision, scale } => Arc::new(
            numbers
                .iter()
                .map(|n| n.map(i128::from))
                .collect::<Decimal128Array>()
                .with_precision_and_scale(*precision, *scale as i8)
                .unwrap(),
        ),
        _ => Arc::new(
            numbers
                .iter()
                .map(|n| n.map(|n| format!("text {n}")))
                .collect::<StringArray>(),
        ),
    }
}

fn cases() -> Vec<(&'static str, TypeKind, bool)> {
    let decimal = TypeKind::Decimal {
        precision: 12,
        scale: 3,
    };
    let mut cases = Vec::new();
    for kind in [TypeKind::Int, TypeKind::BigInt, TypeKind::Double, decimal] {
        for distinct in [false, true] {
            for name in ["COUNT", "SUM", "AVG"] {
                cases.push((name, kind.clone(), distinct));
            }
        }
        cases.push(("MIN", kind.clone(), false));
        cases.push(("MAX", kind.clone(), false));
    }
    cases.push(("COUNT", TypeKind::STRING, true));
    cases.push(("MIN", TypeKind::STRING, false));
    cases.push(("MAX", TypeKind::STRING, false));
    cases
}

/// Rows spread over several accumulators and merged give what one accumulator gives.
#[test]
fn merged_states_equal_the_whole() {
    let mut random = Random::new(SEED);
    for (name, kind, distinct) in cases() {
        let bound = bind(name, kind.clone(), distinct);
        let groups = 5;
        let all = UInt32Array::from_iter_values(0..groups as u32);
        let mut whole = accumulator(&bound, groups);
        let mut parts: Vec<_> = (0..3).map(|_| accumulator(&bound, groups)).collect();
        for _ in 0..20 {
            let rows = random.below(30) as usize;
            let column = random_column(&mut random, &kind, rows);
            let owners: Vec<u32> = (0..rows).map(|_| random.below(groups as u64) as u32).collect();
            whole
                .update(&owners, std::slice::from_ref(&column), None, None)
                .unwrap();
            let part = random.below(3) as usize;
            parts[part].update(&owners, &[column], None, None).unwrap();
        }
        let mut merged = accumulator(&bound, groups);
        for part in &parts {
            let state = part.state(&all).unwrap();
            let types: Vec<_> = bound.state_types.iter().map(DataType::arrow).collect();
            assert_eq!(
                state.iter().map(|s| s.data_type().clone()).collect::<Vec<_>>(),
                types,
                "{name}"
            );
            merged
                .merge(&(0..groups as u32).collect::<Vec<_>>(), &state)
                .unwrap();
        }
        assert_eq!(
            &whole.evaluate(&all).unwrap(),
            &merged.evaluate(&all).unwrap(),
            "{name} of {kind}, distinct {distinct}, seed {SEED}"
        );
    }
}

/// Rows that come and go leave the result as if they had never been there.
#[test]
fn retractions_undo_updates() {
    let mut random = Random::new(SEED + 1);
    for (name, kind, distinct) in cases() {
        if matches!(name, "MIN" | "MAX") {
            continue;
        }
        let bound = bind(name, kind.clone(), distinct);
        let all = UInt32Array::from(vec![0, 1]);
        let owners = |random: &mut Random, rows: usize| -> Vec<u32> {
            (0..rows).map(|_| random.below(2) as u32).collect()
        };
        let (kept, gone) = (
            random_column(&mut random, &kind, 40),
            random_column(&mut random, &kind, 40),
        );
        let (kept_owners, gone_owners) = (owners(&mut random, 40), owners(&mut random, 40));
        let mut plain = accumulator(&bound, 2);
        plain
            .update(&kept_owners, std::slice::from_ref(&kept), None, None)
            .unwrap();
        let mut busy = accumulator(&bound, 2);
        let both = concat(&[gone.as_ref(), kept.as_ref(), gone.as_ref()]).unwrap();
        let mut groups = gone_owners.clone();
        groups.extend(&kept_owners);
        groups.extend(&gone_owners);
        let mut kinds = vec![RowKind::Insert; 80];
        kinds.extend([RowKind::UpdateBefore; 40]);
        busy.update(&groups, &[both], None, Some(&kinds)).unwrap();
        assert_eq!(
            &plain.evaluate(&all).unwrap(),
            &busy.evaluate(&all).unwrap(),
            "{name} of {kind}, distinct {distinct}, seed {}",
            SEED + 1
        );
        busy.clear(&[0, 1]);
        let empty = accumulator(&bound, 2);
        assert_eq!(&busy.evaluate(&all).unwrap(), &empty.evaluate(&all).unwrap());
    }
}

fn retracting(bound: &BoundAggregate, groups: usize) -> Box<dyn Accumulator> {
    let mut accumulator = match &bound.retracting {
        Some(form) => form.function.accumulator(),
        None => bound.function.accumulator(),
    };
    accumulator.resize(groups);
    accumulator
}

fn kept_cases() -> Vec<(&'static str, TypeKind)> {
    let mut cases = Vec::new();
    for name in [
        "MIN",
        "MAX",
        "FIRST_VALUE",
        "LAST_VALUE",
        "ARRAY_AGG",
        "ARRAY_AGG IGNORE NULLS",
    ] {
        for kind in [TypeKind::Int, TypeKind::Double, TypeKind::STRING] {
            cases.push((name, kind));
        }
    }
    cases.push(("LISTAGG", TypeKind::STRING));
    cases
}

/// Forms that take rows back give what the plain form gives of the rows that are left, in the order of their arrival.
#[test]
fn what_keeps_all_values_gives_what_is_left() {
    let mut random = Random::new(SEED + 2);
    let group = UInt32Array::from(vec![0]);
    for (name, kind) in kept_cases() {
        let bound = bind(name, kind.clone(), false);
        let empty = retracting(&bound, 1).size_bytes();
        for size in [6, 200] {
            let mut parts = [retracting(&bound, 1), retracting(&bound, 1)];
            let mut whole = retracting(&bound, 1);
            let mut left: Vec<ArrayRef> = Vec::new();
            for step in 0..size * 4 {
                let value = random_column(&mut random, &kind, 1);
                let place = left.iter().position(|held| held.as_ref() == value.as_ref());
                let takes = place.is_some() && (left.len() >= size || random.chance(0.4));
                let kinds = [if takes {
                    RowKind::UpdateBefore
                } else {
                    RowKind::UpdateAfter
                }];
                let column = std::slice::from_ref(&value);
                whole.update(&[0], column, None, Some(&kinds)).unwrap();
                let part = usize::from(step >= size * 2);
                parts[part].update(&[0], column, None, Some(&kinds)).unwrap();
                match place.filter(|_| takes) {
                    Some(place) => drop(left.remove(place)),
                    None => left.push(value),
                }
            }
            let mut plain = accumulator(&bound, 1);
            for value in &left {
                plain
                    .update(&[0], std::slice::from_ref(value), None, None)
                    .unwrap();
            }
            let expected = plain.evaluate(&group).unwrap();
            let place = format!("{name} of {kind}, seed {}", SEED + 2);
            assert_eq!(&whole.evaluate(&group).unwrap(), &expected, "{place}");
            let mut restored = retracting(&bound, 1);
            restored.merge(&[0], &whole.state(&group).unwrap()).unwrap();
            assert_eq!(
                &restored.evaluate(&group).unwrap(),
                &expected,
                "{place}, restored"
            );
            let mut merged = retracting(&bound, 1);
            for part in &parts {
                merged.merge(&[0], &part.state(&group).unwrap()).unwrap();
            }
            // Which of equal values goes is another one where a part has none of those before it.
            if matches!(name, "MIN" | "MAX") {
                assert_eq!(&merged.evaluate(&group).unwrap(), &expected, "{place}, merged");
            }
            merged.clear(&[0]);
            assert_eq!(merged.size_bytes(), empty, "{place}");
        }
    }
}

/// What leaves a frame is as if it had never come, for all that say so.
#[test]
fn the_earliest_rows_are_taken_back_where_a_function_says_so() {
    let mut random = Random::new(SEED + 3);
    let group = UInt32Array::from(vec![0]);
    let mut cases = cases();
    cases.extend(kept_cases().into_iter().map(|(name, kind)| (name, kind, false)));
    for name in ["ARRAY_AGG", "LISTAGG"] {
        cases.push((name, TypeKind::STRING, true));
    }
    for (name, kind, distinct) in cases {
        let bound = bind(name, kind.clone(), distinct);
        let form = bound.retracting.as_ref().map(|form| &form.function);
        let function = form.unwrap_or(&bound.function);
        // An array of distinct values has each where its first one was, which may be one that left.
        let expected = match name {
            "COUNT" | "SUM" | "AVG" | "MIN" | "MAX" => TakesBack::Any,
            _ if distinct => TakesBack::Nothing,
            _ => TakesBack::Earliest,
        };
        assert_eq!(function.takes_back(), expected, "{name}, distinct {distinct}");
        if form.is_some() {
            assert_eq!(bound.function.takes_back(), TakesBack::Nothing, "{name}");
        }
        if expected == TakesBack::Nothing {
            continue;
        }
        let mut sliding = function.accumulator();
        sliding.resize(1);
        let mut frame: Vec<ArrayRef> = Vec::new();
        for _ in 0..300 {
            let frame_rows = random.below(12) as usize;
            while frame.len() > frame_rows {
                let gone = frame.remove(0);
                sliding
                    .update(&[0], &[gone], None, Some(&[RowKind::Delete]))
                    .unwrap();
            }
            let value = random_column(&mut random, &kind, 1);
            sliding
                .update(&[0], std::slice::from_ref(&value), None, None)
                .unwrap();
            frame.push(value);
            let mut anew = function.accumulator();
            anew.resize(1);
            for value in &frame {
                anew.update(&[0], std::slice::from_ref(value), None, None)
                    .unwrap();
            }
            assert_eq!(
                &sliding.evaluate(&group).unwrap(),
                &anew.evaluate(&group).unwrap(),
                "{name} of {kind}, distinct {distinct}, seed {}",
                SEED + 3
            );
        }
    }
}

#[test]
fn rows_are_values_like_others() {
    let fields = vec![
        model::RowField::new("a", TypeKind::Int.nullable()),
        model::RowField::new("b", TypeKind::STRING.nullable()),
    ];
    let kind = TypeKind::Row(fields);
    let arrow_schema::DataType::Struct(fields) = kind.arrow() else {
        panic!("a row is a struct");
    };
    let rows: ArrayRef = Arc::new(arrow_array::StructArray::new(
        fields,
        vec![
            ints(&[Some(1), Some(2), Some(1), Some(9)]),
            Arc::new(StringArray::from(vec![Some("x"), None, Some("x"), Some("y")])),
        ],
        Some(vec![true, true, true, false].into()),
    ));
    let group = UInt32Array::from(vec![0]);
    for (name, distinct, expected) in [
        ("ARRAY_AGG", false, vec![0, 1, 2, 3]),
        ("ARRAY_AGG IGNORE NULLS", false, vec![0, 1, 2]),
        ("SINGLE_VALUE", false, vec![1]),
    ] {
        let bound = bind(name, kind.clone(), distinct);
        let given = if name == "SINGLE_VALUE" {
            rows.slice(1, 1)
        } else {
            rows.clone()
        };
        let mut part = accumulator(&bound, 1);
        part.update(&vec![0; given.len()], &[given], None, None).unwrap();
        let mut whole = accumulator(&bound, 1);
        whole.merge(&[0], &part.state(&group).unwrap()).unwrap();
        let result = whole.evaluate(&group).unwrap();
        assert_eq!(result.data_type(), &bound.result.arrow());
        let expected = arrow_select::take::take(&rows, &UInt32Array::from(expected), None).unwrap();
        match result.as_any().downcast_ref::<arrow_array::ListArray>() {
            Some(lists) => assert_eq!(&lists.value(0), &expected, "{name}"),
            None => assert_eq!(&result, &expected, "{name}"),
        }
    }
}

#[test]
fn percentiles_lie_between_their_neighbours() {
    let arguments = [
        Argument::of(TypeKind::Int.nullable()),
        Argument::of(TypeKind::Double.nullable()),
    ];
    let bound = crate::aggregate("PERCENTILE")
        .unwrap()
        .bind(&arguments, false)
        .unwrap();
    let values: ArrayRef = Arc::new(Float64Array::from(vec![10.0, 30.0, 20.0, 20.0, 100.0]));
    for (share, expected) in [(0.0, 10.0), (0.5, 20.0), (0.75, 30.0), (0.9, 72.0), (1.0, 100.0)] {
        let mut percentile = accumulator(&bound, 1);
        let shares: ArrayRef = Arc::new(Float64Array::from(vec![share; 5]));
        percentile
            .update(&[0; 5], &[values.clone(), shares.clone()], None, None)
            .unwrap();
        // Back and forth, and through the state.
        let kinds = [
            RowKind::Delete,
            RowKind::Insert,
            RowKind::Delete,
            RowKind::Insert,
            RowKind::Delete,
        ];
        percentile
            .update(&[0; 5], &[values.clone(), shares.clone()], None, Some(&kinds))
            .unwrap();
        let kinds = kinds.map(|kind| {
            if kind == RowKind::Delete {
                RowKind::Insert
            } else {
                RowKind::Delete
            }
        });
        percentile
            .update(&[0; 5], &[values.clone(), shares], None, Some(&kinds))
            .unwrap();
        let group = UInt32Array::from(vec![0]);
        let mut merged = accumulator(&bound, 1);
        merged.merge(&[0], &percentile.state(&group).unwrap()).unwrap();
        let result = merged.evaluate(&group).unwrap();
        let result = result.as_any().downcast_ref::<Float64Array>().unwrap().value(0);
        assert!((result - expected).abs() < 1e-9, "{share}: {result}");
    }
}

#[test]
fn a_second_row_is_one_too_many_even_if_it_is_null() {
    let bound = bind("SINGLE_VALUE", TypeKind::Int, false);
    let mut single = accumulator(&bound, 1);
    single.update(&[0], &[ints(&[None])], None, None).unwrap();
    let updates = [RowKind::UpdateBefore, RowKind::UpdateAfter];
    single
        .update(&[0, 0], &[ints(&[None, Some(4)])], None, Some(&updates))
        .unwrap();
    let result = single.evaluate(&UInt32Array::from(vec![0])).unwrap();
    assert_eq!(&result, &ints(&[Some(4)]));
    let error = single.update(&[0], &[ints(&[None])], None, None).unwrap_err();
    assert!(error.to_string().contains("more than one element"), "{error}");
}

#[test]
fn a_null_among_distinct_values_keeps_its_place() {
    let values = [Some(3), Some(1), None, Some(3), None, Some(2)];
    let bound = bind("ARRAY_AGG", TypeKind::Int, true);
    let group = UInt32Array::from(vec![0, 1]);
    let mut part = accumulator(&bound, 2);
    part.update(&[0; 6], &[ints(&values)], None, None).unwrap();
    part.update(&[1; 2], &[ints(&[None, Some(1)])], None, None)
        .unwrap();
    let mut whole = accumulator(&bound, 2);
    whole.merge(&[0, 1], &part.state(&group).unwrap()).unwrap();
    let taken_back = [RowKind::Delete; 2];
    whole
        .update(&[1; 2], &[ints(&[None, None])], None, Some(&taken_back[..2]))
        .unwrap();
    let lists = whole.evaluate(&group).unwrap();
    let lists = lists.as_any().downcast_ref::<arrow_array::ListArray>().unwrap();
    assert_eq!(&lists.value(0), &ints(&[Some(3), Some(1), None, Some(2)]));
    assert_eq!(&lists.value(1), &ints(&[Some(1)]));
}

#[test]
fn distinct_values_keep_their_order_through_their_state() {
    let texts: Vec<String> = (0..100)
        .map(|number| format!("text {}", number * 37 % 100))
        .collect();
    let array: ArrayRef = Arc::new(StringArray::from(texts.clone()));
    let bound = bind("LISTAGG", TypeKind::STRING, true);
    let group = UInt32Array::from(vec![0]);
    let joined = |accumulator: &dyn Accumulator| {
        let result = accumulator.evaluate(&group).unwrap();
        result
            .as_any()
            .downcast_ref::<StringArray>()
            .unwrap()
            .value(0)
            .to_string()
    };
    let mut first = accumulator(&bound, 1);
    first
        .update(&[0; 100], std::slice::from_ref(&array), None, None)
        .unwrap();
    first.update(&[0; 100], &[array], None, None).unwrap();
    let mut second = accumulator(&bound, 1);
    second.merge(&[0], &first.state(&group).unwrap()).unwrap();
    assert_eq!(joined(first.as_ref()), texts.join(","));
    assert_eq!(joined(second.as_ref()), texts.join(","));
}

#[test]
fn distinct_values_give_back_the_memory_that_they_took() {
    let array: ArrayRef = Arc::new(StringArray::from(
        (0..1000).map(|n| format!("text {n}")).collect::<Vec<_>>(),
    ));
    let bound = bind("COUNT", TypeKind::STRING, true);
    let mut counts = accumulator(&bound, 2);
    let before = counts.size_bytes();
    counts
        .update(&[1; 1000], &[array.slice(0, 1000)], None, None)
        .unwrap();
    let one = counts.size_bytes();
    assert!(one > before + 1000 * 32, "{one}");
    counts
        .update(&[0; 1000], &[array.slice(0, 1000)], None, None)
        .unwrap();
    counts
        .update(&[0; 1000], &[array], None, Some(&[RowKind::Delete; 1000]))
        .unwrap();
    counts.clear(&[0]);
    assert_eq!(counts.size_bytes(), one);
    counts.clear(&[1]);
    assert_eq!(counts.size_bytes(), before);
}
