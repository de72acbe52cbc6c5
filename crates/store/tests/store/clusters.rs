use store::{NewCluster, NewDeployment, PageRequest};

use crate::fixture::{BY, START_MS, fixture, is_conflict, is_invalid, is_not_found, new_workspace, search};

fn flink(workspaces: &[&str]) -> NewCluster {
    NewCluster {
        address: "http://flink:8081".to_string(),
        storage: "s3://state/oceanus".to_string(),
        workspaces: workspaces.iter().map(ToString::to_string).collect(),
    }
}

#[tokio::test]
async fn a_cluster_is_attached_granted_and_forgotten() {
    let fixture = fixture().await;
    let clusters = fixture.store.clusters();
    fixture
        .store
        .workspaces()
        .create(new_workspace("second"), BY)
        .await
        .unwrap();
    clusters
        .put("flink", flink(&["shop", "second", "shop"]), BY)
        .await
        .unwrap();
    fixture.pass(3);
    let changed = clusters.put("flink", flink(&["second"]), BY).await.unwrap();
    assert_eq!(changed.workspaces, ["second"]);
    assert_eq!((changed.created_at, changed.updated_at), (START_MS, START_MS + 3));
    assert_eq!(clusters.get("flink").await.unwrap(), changed);
    let page = PageRequest::default();
    assert_eq!(clusters.list(None, &page).await.unwrap().items.len(), 1);
    assert_eq!(
        clusters.list(Some("second"), &search("FLI")).await.unwrap().items,
        [changed]
    );
    assert!(clusters.list(Some("shop"), &page).await.unwrap().items.is_empty());
    is_not_found(clusters.put("flink", flink(&["nowhere"]), BY).await);
    assert_eq!(clusters.get("flink").await.unwrap().workspaces, ["second"]);
    is_invalid(clusters.put("no name", flink(&[]), BY).await);

    // A later workspace of the same name was granted nothing.
    fixture.store.workspaces().delete("second", BY).await.unwrap();
    fixture
        .store
        .workspaces()
        .create(new_workspace("second"), BY)
        .await
        .unwrap();
    assert!(
        clusters
            .list(Some("second"), &page)
            .await
            .unwrap()
            .items
            .is_empty()
    );
    clusters.delete("flink", BY).await.unwrap();
    is_not_found(clusters.get("flink").await);
    is_not_found(clusters.delete("flink", BY).await);
}

#[tokio::test]
async fn a_cluster_that_has_deployments_stays() {
    let fixture = fixture().await;
    let clusters = fixture.store.clusters();
    clusters.put("flink", flink(&["shop"]), BY).await.unwrap();
    let here = fixture.deployment("here").await;
    let new = NewDeployment {
        name: "there".to_string(),
        draft_id: here.draft_id,
        version: 1,
        engine: "flink".to_string(),
        cluster: Some("flink".to_string()),
        parallelism: None,
        desired: model::DesiredState::Stopped,
        savepoint: None,
        drops_state: false,
    };
    let deployments = fixture.store.deployments();
    let there = deployments.create("shop", new, BY).await.unwrap();
    assert_eq!((here.cluster, there.cluster.as_deref()), (None, Some("flink")));
    is_conflict(clusters.delete("flink", BY).await);
    deployments
        .delete("shop", there.id, there.revision, BY)
        .await
        .unwrap();
    clusters.delete("flink", BY).await.unwrap();
}
