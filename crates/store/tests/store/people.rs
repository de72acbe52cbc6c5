use std::time::{Duration, Instant};

use store::{NewUser, PageRequest, Role, SecretString};

use crate::fixture::{
    BY, fixture, is_conflict, is_invalid, is_not_found, lies_in_files, nobody, page, search,
};

fn with_password(name: &str, password: &str) -> NewUser {
    NewUser {
        name: name.to_string(),
        password: Some(password.into()),
        is_admin: false,
    }
}

#[tokio::test]
async fn a_user_is_verified_by_the_right_password_only() {
    let mut fixture = fixture().await;
    let made = fixture
        .store
        .users()
        .create(with_password("ann", "correct horse"), BY)
        .await
        .unwrap();
    fixture.reopen().await;
    let users = fixture.store.users();
    let verified = users.verify("ann", &"correct horse".into()).await.unwrap();
    assert_eq!(verified, Some(made));
    for (name, password) in [
        ("ann", "Correct horse"),
        ("ann", ""),
        ("ann", "correct horse "),
        ("ben", "correct horse"),
        ("Ann", "correct horse"),
        ("ann' --", "correct horse"),
        ("", ""),
    ] {
        assert_eq!(
            users.verify(name, &password.into()).await.unwrap(),
            None,
            "{name}"
        );
    }
    let endless = SecretString::from("a".repeat(1 << 20));
    assert_eq!(users.verify("ann", &endless).await.unwrap(), None);
}

#[tokio::test]
async fn a_user_without_a_password_is_not_verified_by_any() {
    let fixture = fixture().await;
    fixture.user("robot", false).await;
    for password in ["", "robot", "hunter2hunter2"] {
        let verified = fixture.store.users().verify("robot", &password.into()).await;
        assert_eq!(verified.unwrap(), None);
    }
}

#[tokio::test]
async fn an_unknown_user_takes_as_long_as_a_known_one() {
    let fixture = fixture().await;
    let users = fixture.store.users();
    users
        .create(with_password("ann", "correct horse"), BY)
        .await
        .unwrap();
    let mut fastest = [Duration::MAX; 2];
    for _ in 0..5 {
        for (time, name) in fastest.iter_mut().zip(["ann", "nobody"]) {
            let begin = Instant::now();
            users.verify(name, &"wrong horse".into()).await.unwrap();
            *time = (*time).min(begin.elapsed());
        }
    }
    let [known, unknown] = fastest;
    // Without a hash it would take a hundredth.
    assert!(unknown > known / 2, "known {known:?}, unknown {unknown:?}");
}

#[tokio::test]
async fn a_new_password_replaces_the_old_one_and_ends_its_sessions() {
    let fixture = fixture().await;
    let store = &fixture.store;
    let ann = store
        .users()
        .create(with_password("ann", "correct horse"), BY)
        .await
        .unwrap();
    let session = store
        .sessions()
        .create(ann.id, Duration::from_secs(60))
        .await
        .unwrap();
    store
        .users()
        .set_password(ann.id, &"battery staple".into(), BY)
        .await
        .unwrap();
    let users = store.users();
    assert_eq!(users.verify("ann", &"correct horse".into()).await.unwrap(), None);
    assert!(
        users
            .verify("ann", &"battery staple".into())
            .await
            .unwrap()
            .is_some()
    );
    use store::ExposeSecret;
    assert_eq!(
        store.sessions().find(session.id.expose_secret()).await.unwrap(),
        None
    );
    // Whoever changes it goes on.
    let lifetime = Duration::from_secs(60);
    let here = store.sessions().create(ann.id, lifetime).await.unwrap();
    let there = store.sessions().create(ann.id, lifetime).await.unwrap();
    let kept = Some(here.id.expose_secret());
    users
        .change_password(ann.id, &"tower staple".into(), kept, BY)
        .await
        .unwrap();
    let find = async |session: &store::NewSession| {
        let found = store.sessions().find(session.id.expose_secret()).await;
        found.unwrap().is_some()
    };
    assert!(find(&here).await && !find(&there).await);
    is_invalid(users.set_password(ann.id, &"short".into(), BY).await);
    is_not_found(users.set_password(nobody(), &"battery staple".into(), BY).await);
}

#[tokio::test]
async fn passwords_lie_nowhere_on_disk() {
    let fixture = fixture().await;
    let users = fixture.store.users();
    users
        .create(with_password("ann", "correct-horse-battery"), BY)
        .await
        .unwrap();
    users
        .create(with_password("ben", "correct-horse-battery"), BY)
        .await
        .unwrap();
    assert!(!lies_in_files(fixture.folder.path(), "correct-horse"));
    assert!(lies_in_files(
        fixture.folder.path(),
        "$argon2id$v=19$m=19456,t=2,p=1$"
    ));
}

#[tokio::test]
async fn names_are_taken_once_and_listed_in_order() {
    let fixture = fixture().await;
    let users = fixture.store.users();
    assert_eq!(users.count().await.unwrap(), 0);
    for name in ["carl", "ann", "ben@example.org"] {
        fixture.user(name, false).await;
    }
    assert_eq!(users.count().await.unwrap(), 3);
    let new = |name: &str| NewUser {
        name: name.to_string(),
        password: None,
        is_admin: false,
    };
    is_conflict(users.create(new("ann"), BY).await);
    for wrong in ["", "Ann", "a b", "a'--", "../a", &"a".repeat(64)] {
        is_invalid(users.create(new(wrong), BY).await);
    }
    let first = users.list(&page(2)).await.unwrap();
    let names: Vec<&str> = first.items.iter().map(|user| user.name.as_str()).collect();
    assert_eq!(names, ["ann", "ben@example.org"]);
    let request = PageRequest {
        cursor: first.next_cursor,
        ..page(2)
    };
    assert_eq!(users.list(&request).await.unwrap().items[0].name, "carl");
    assert_eq!(users.list(&search("EXAMPLE")).await.unwrap().items.len(), 1);
    assert!(users.by_name("carl").await.unwrap().is_some());
    assert!(users.by_name("nobody").await.unwrap().is_none());
    is_not_found(users.get(nobody()).await);
}

#[tokio::test]
async fn an_administrator_always_remains() {
    let fixture = fixture().await;
    let users = fixture.store.users();
    let admin = |name| NewUser {
        is_admin: true,
        ..with_password(name, "correct horse")
    };
    let first = users.create(admin("first"), BY).await.unwrap();
    fixture.user("plain", false).await;
    // Nobody can sign in as this one.
    let local = fixture.user("local", true).await;
    is_conflict(users.delete(first.id, BY).await);
    let second = users.create(admin("second"), BY).await.unwrap();
    users.delete(first.id, BY).await.unwrap();
    is_not_found(users.delete(first.id, BY).await);
    is_conflict(users.delete(second.id, BY).await);
    users.delete(local.id, BY).await.unwrap();
}

#[tokio::test]
async fn members_have_one_role_in_a_workspace() {
    let fixture = fixture().await;
    let store = &fixture.store;
    let ann = fixture.user("ann", false).await;
    let ben = fixture.user("ben", false).await;
    let members = store.members();
    members.put("shop", ann.id, Role::Viewer, BY).await.unwrap();
    let member = members.put("shop", ann.id, Role::Owner, BY).await.unwrap();
    assert_eq!((member.user_name.as_str(), member.role), ("ann", Role::Owner));
    members.put("shop", ben.id, Role::Developer, BY).await.unwrap();
    members.put("other", ann.id, Role::Viewer, BY).await.unwrap();
    assert_eq!(members.role("shop", ann.id).await.unwrap(), Some(Role::Owner));
    assert_eq!(members.role("other", ben.id).await.unwrap(), None);
    assert_eq!(members.role("nowhere", ann.id).await.unwrap(), None);
    let names: Vec<(String, Role)> = members
        .list("shop", &PageRequest::default())
        .await
        .unwrap()
        .items
        .into_iter()
        .map(|member| (member.user_name, member.role))
        .collect();
    assert_eq!(
        names,
        [
            ("ann".to_string(), Role::Owner),
            ("ben".to_string(), Role::Developer)
        ]
    );
    let of_ann: Vec<(String, Role)> = store
        .workspaces()
        .of_user(ann.id)
        .await
        .unwrap()
        .into_iter()
        .map(|(workspace, role)| (workspace.name, role))
        .collect();
    assert_eq!(
        of_ann,
        [
            ("other".to_string(), Role::Viewer),
            ("shop".to_string(), Role::Owner)
        ]
    );
    let pages = store.workspaces();
    let first = pages.list_of_user(ann.id, &page(1)).await.unwrap();
    assert_eq!(first.items[0].name, "other");
    let request = PageRequest {
        cursor: first.next_cursor,
        ..page(1)
    };
    let second = pages.list_of_user(ann.id, &request).await.unwrap();
    assert_eq!(
        (second.items[0].name.as_str(), second.next_cursor),
        ("shop", None)
    );
    let found = pages.list_of_user(ben.id, &search("THE")).await.unwrap();
    assert_eq!(found.items.len(), 1);
    assert_eq!(store.workspaces().counts("shop").await.unwrap().members, 2);
    is_not_found(members.put("nowhere", ann.id, Role::Viewer, BY).await);
    is_not_found(members.put("shop", nobody(), Role::Viewer, BY).await);
    members.remove("shop", ben.id, BY).await.unwrap();
    is_not_found(members.remove("shop", ben.id, BY).await);
    store.users().delete(ann.id, BY).await.unwrap();
    assert!(
        members
            .list("shop", &PageRequest::default())
            .await
            .unwrap()
            .items
            .is_empty()
    );
}

#[test]
fn each_role_is_more_than_the_one_before() {
    assert!(
        Role::Viewer < Role::Developer && Role::Developer < Role::Operator && Role::Operator < Role::Owner
    );
    for &role in Role::ALL {
        assert_eq!(role.name().parse::<Role>().unwrap(), role);
    }
    is_invalid("admin".parse::<Role>());
}
