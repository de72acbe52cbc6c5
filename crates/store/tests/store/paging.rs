use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use store::PageRequest;

use crate::fixture::{BY, Fixture, fixture, is_invalid, new_draft, page, search};

/// The names on all pages, in order, and how many pages there were.
async fn walk(fixture: &Fixture, limit: u32, q: Option<&str>) -> (Vec<String>, usize) {
    let mut request = PageRequest {
        limit,
        cursor: None,
        q: q.map(str::to_string),
    };
    let mut names = Vec::new();
    for pages in 1.. {
        let page = fixture.store.drafts().list("shop", &request).await.unwrap();
        names.extend(page.items.into_iter().map(|draft| draft.name));
        request.cursor = page.next_cursor;
        if request.cursor.is_none() {
            return (names, pages);
        }
    }
    unreachable!("the pages come to an end")
}

#[tokio::test]
async fn a_thousand_drafts_come_in_pages_newest_first() {
    let fixture = fixture().await;
    for number in 0..1000 {
        fixture.pass(1);
        fixture.draft(&format!("draft {number:03}")).await;
    }
    let expected: Vec<String> = (0..1000)
        .rev()
        .map(|number| format!("draft {number:03}"))
        .collect();
    assert_eq!(walk(&fixture, 200, None).await, (expected.clone(), 5));
    assert_eq!(walk(&fixture, 7, None).await, (expected, 143));

    let (found, pages) = walk(&fixture, 10, Some("DRAFT 99")).await;
    assert_eq!((found.len(), pages), (10, 1));
    assert_eq!(found[0], "draft 999");
}

#[tokio::test]
async fn what_was_there_all_along_is_on_exactly_one_page_whatever_comes_and_goes() {
    let fixture = fixture().await;
    let drafts = fixture.store.drafts();
    let mut going = Vec::new();
    for number in 0..60 {
        fixture.pass(1);
        let draft = fixture.draft(&format!("draft {number:02}")).await;
        if number % 3 == 0 {
            going.push(draft);
        }
    }
    let mut request = page(7);
    let mut seen = Vec::new();
    loop {
        let page = drafts.list("shop", &request).await.unwrap();
        seen.extend(page.items.into_iter().map(|draft| draft.name));
        fixture.pass(1);
        fixture.draft(&format!("new {}", seen.len())).await;
        for draft in going.drain(..going.len().min(3)) {
            drafts.delete("shop", draft.id, 1, BY).await.unwrap();
        }
        request.cursor = page.next_cursor;
        if request.cursor.is_none() {
            break;
        }
    }
    let unique: BTreeSet<&String> = seen.iter().collect();
    assert_eq!(unique.len(), seen.len(), "nothing comes twice");
    for number in (0..60).filter(|number| number % 3 != 0) {
        let name = format!("draft {number:02}");
        assert!(unique.contains(&name), "{name} was there all along");
    }
}

#[tokio::test]
async fn drafts_of_one_millisecond_are_paged_too() {
    let fixture = fixture().await;
    for number in 0..50 {
        fixture.draft(&format!("draft {number}")).await;
    }
    let (names, pages) = walk(&fixture, 4, None).await;
    assert_eq!(pages, 13);
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), 50);
}

#[tokio::test]
async fn a_search_has_no_wildcards() {
    let fixture = fixture().await;
    for name in ["100%", "100 percent", "a_b", "a-b", "back\\slash", "O'Neil"] {
        fixture.draft(name).await;
    }
    let cases = [
        ("100%", vec!["100%"]),
        ("a_b", vec!["a_b"]),
        ("%", vec!["100%"]),
        ("_", vec!["a_b"]),
        ("\\", vec!["back\\slash"]),
        ("o'n", vec!["O'Neil"]),
        ("zzz", vec![]),
    ];
    for (q, expected) in cases {
        let page = fixture.store.drafts().list("shop", &search(q)).await.unwrap();
        let names: Vec<String> = page.items.into_iter().map(|draft| draft.name).collect();
        assert_eq!(names, expected, "{q}");
    }
}

#[tokio::test]
async fn a_limit_a_cursor_and_a_search_are_checked() {
    let fixture = fixture().await;
    let drafts = fixture.store.drafts();
    for _ in 0..3 {
        fixture.pass(1);
        let name = format!("draft {}", fixture.store.clock().clone().now_ms());
        fixture.draft(&name).await;
    }
    for limit in [0, 201, u32::MAX] {
        is_invalid(drafts.list("shop", &page(limit)).await);
    }
    is_invalid(drafts.list("shop", &search(&"a".repeat(201))).await);
    let with_cursor = |cursor: &str| PageRequest {
        cursor: Some(cursor.to_string()),
        ..PageRequest::default()
    };
    for wrong in ["", "x", "' OR 1=1 --", "ZHJhZnRz", &"A".repeat(5000)] {
        is_invalid(drafts.list("shop", &with_cursor(wrong)).await);
    }
    let right = drafts.list("shop", &page(1)).await.unwrap().next_cursor.unwrap();
    assert!(drafts.list("shop", &with_cursor(&right)).await.is_ok());
    // A cursor of one list is no cursor of another.
    is_invalid(fixture.store.users().list(&with_cursor(&right)).await);
    is_invalid(fixture.store.audit().list(None, &with_cursor(&right)).await);
}

#[tokio::test]
async fn the_last_page_is_not_followed_by_an_empty_one() {
    let fixture = fixture().await;
    for number in 0..4 {
        fixture.draft(&format!("draft {number}")).await;
    }
    assert_eq!(walk(&fixture, 2, None).await.1, 2);
    assert_eq!(walk(&fixture, 4, None).await.1, 1);
    assert_eq!(walk(&fixture, 5, None).await.1, 1);
}

#[tokio::test]
async fn ten_thousand_drafts_are_listed_and_searched_fast() {
    let fixture = fixture().await;
    for number in 0..10_000 {
        fixture.pass(1);
        let mut new = new_draft(&format!("draft {number:05}"));
        new.sql = "SELECT * FROM bids; ".repeat(100);
        fixture.store.drafts().create("shop", new, BY).await.unwrap();
    }
    let drafts = fixture.store.drafts();
    let mut middle = page(50);
    for _ in 0..100 {
        middle.cursor = drafts.list("shop", &middle).await.unwrap().next_cursor;
    }
    for request in [page(50), middle, search("draft 00012"), search("nothing has it")] {
        let mut times = Vec::new();
        for _ in 0..21 {
            let begin = Instant::now();
            drafts.list("shop", &request).await.unwrap();
            times.push(begin.elapsed());
        }
        times.sort();
        // The median, far above what it takes, so that a busy machine does not fail the test.
        assert!(
            times[10] < Duration::from_millis(50),
            "{request:?} {:?}",
            times[10]
        );
    }
}
