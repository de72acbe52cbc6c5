//! Clusters that jobs may run on, and which engine a deployment has.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use model::id::DeploymentId;
use runner::{Cluster, ClusterState, ClusterTarget, Clusters, Runner, RunnerError};
use store::{Deployment, NewCluster, PageRequest};

use crate::surroundings::whole_pages;
use crate::{Error, Jobs, Result, lock};

/// Opened clusters, as of what was known of them then.
pub(crate) struct Opened {
    opener: Arc<dyn Clusters>,
    by_name: Mutex<HashMap<String, (ClusterTarget, Arc<dyn Cluster>)>>,
}

/// A cluster, and how it is if it can be asked.
#[derive(Debug)]
pub struct ClusterReport {
    pub cluster: store::Cluster,
    /// Fails with why nothing is known.
    pub state: std::result::Result<ClusterState, String>,
}

impl Opened {
    pub fn new(opener: Arc<dyn Clusters>) -> Opened {
        Opened {
            opener,
            by_name: Mutex::default(),
        }
    }

    fn get(&self, target: ClusterTarget) -> Result<Arc<dyn Cluster>> {
        let mut by_name = lock(&self.by_name);
        if let Some((known, cluster)) = by_name.get(&target.name)
            && *known == target
        {
            return Ok(cluster.clone());
        }
        let cluster = self.opener.open(&target)?;
        by_name.insert(target.name.clone(), (target, cluster.clone()));
        Ok(cluster)
    }
}

impl Jobs {
    /// Attaches a cluster, or changes what is known of it. It need not answer.
    pub async fn put_cluster(&self, actor: &str, name: &str, new: NewCluster) -> Result<ClusterReport> {
        let target = ClusterTarget {
            name: name.to_string(),
            address: new.address.clone(),
            storage: new.storage.clone(),
        };
        // Whether that makes sense is known to whoever opens it.
        self.inner.clusters.get(target)?;
        let cluster = self.inner.store.clusters().put(name, new, actor).await?;
        Ok(self.report(cluster).await)
    }

    pub async fn cluster(&self, name: &str) -> Result<ClusterReport> {
        let cluster = self.inner.store.clusters().get(name).await?;
        Ok(self.report(cluster).await)
    }

    /// Those that a workspace may use if one is given, and how they are: all are asked at once.
    pub async fn clusters(
        &self,
        workspace: Option<&str>,
        page: &PageRequest,
    ) -> Result<store::Page<ClusterReport>> {
        let found = self.inner.store.clusters().list(workspace, page).await?;
        let mut asked = Vec::new();
        for cluster in found.items {
            let jobs = self.clone();
            asked.push(tokio::spawn(async move { jobs.report(cluster).await }));
        }
        let mut items = Vec::new();
        for report in asked {
            let panicked = |panic| Error::Internal(format!("a cluster could not be asked: {panic}"));
            items.push(report.await.map_err(panicked)?);
        }
        Ok(store::Page {
            items,
            next_cursor: found.next_cursor,
        })
    }

    pub async fn delete_cluster(&self, actor: &str, name: &str) -> Result<()> {
        self.inner.store.clusters().delete(name, actor).await?;
        lock(&self.inner.clusters.by_name).remove(name);
        Ok(())
    }

    async fn report(&self, cluster: store::Cluster) -> ClusterReport {
        let opened = self.open_cluster(&cluster);
        let state = match opened {
            Ok(opened) => match self.look_at(move || opened.state()).await {
                Ok(state) => state.map_err(|error| error.to_string()),
                Err(error) => Err(error.to_string()),
            },
            Err(error) => Err(error.to_string()),
        };
        ClusterReport { cluster, state }
    }

    /// Why a cluster has no room for so many tasks side by side, if `freed` of its slots come free.
    pub(crate) async fn lacks_slots(
        &self,
        cluster: &Arc<dyn Cluster>,
        name: &str,
        wanted: u32,
        freed: u32,
    ) -> Result<Option<String>> {
        let asked = Arc::clone(cluster);
        let state = match crate::on_thread(move || asked.state()).await? {
            Ok(state) => state,
            Err(RunnerError::Unreachable(message)) => return Ok(Some(message)),
            Err(error) => return Err(error.into()),
        };
        // What is about to come free may be free already.
        let free = (state.slots_available + freed).min(state.slots_total);
        Ok((free < wanted).then(|| {
            format!(
                "needs {wanted} slots of cluster '{name}', which has {free} free of {}",
                state.slots_total
            )
        }))
    }

    /// What a deployment may be put on.
    pub(crate) async fn granted_cluster(&self, workspace: &str, name: &str) -> Result<Arc<dyn Cluster>> {
        let cluster = self.inner.store.clusters().get(name).await;
        match cluster {
            Ok(cluster) if cluster.workspaces.iter().any(|granted| granted == workspace) => {
                self.open_cluster(&cluster)
            }
            // Whether there is one of this name is not for everybody to know.
            Ok(_) | Err(store::Error::NotFound { .. }) => Err(Error::not_found("cluster", name)),
            Err(error) => Err(error.into()),
        }
    }

    pub(crate) fn open_cluster(&self, cluster: &store::Cluster) -> Result<Arc<dyn Cluster>> {
        self.inner.clusters.get(target(cluster))
    }

    pub(crate) async fn cluster_of(&self, deployment: &Deployment) -> Result<Option<Arc<dyn Cluster>>> {
        let Some(name) = &deployment.cluster else {
            return Ok(None);
        };
        let cluster = self.inner.store.clusters().get(name).await?;
        Ok(Some(self.open_cluster(&cluster)?))
    }

    /// What runs a deployment.
    pub(crate) async fn engine_of(&self, deployment: &Deployment) -> Result<Arc<dyn Runner>> {
        Ok(match self.cluster_of(deployment).await? {
            Some(cluster) => cluster,
            None => Arc::clone(&self.inner.runner),
        })
    }

    /// What may have run a deployment that may be gone.
    pub(crate) async fn engines_of(&self, id: DeploymentId) -> Result<Vec<Arc<dyn Runner>>> {
        match self.inner.store.deployments().by_id(id).await {
            Ok(deployment) => Ok(vec![self.engine_of(&deployment).await?]),
            Err(store::Error::NotFound { .. }) => self.engines().await,
            Err(error) => Err(error.into()),
        }
    }

    /// Everything that runs deployments.
    pub(crate) async fn engines(&self) -> Result<Vec<Arc<dyn Runner>>> {
        let mut engines: Vec<Arc<dyn Runner>> = vec![Arc::clone(&self.inner.runner)];
        let mut page = whole_pages();
        loop {
            let found = self.inner.store.clusters().list(None, &page).await?;
            for cluster in &found.items {
                engines.push(self.open_cluster(cluster)?);
            }
            page.cursor = found.next_cursor;
            if page.cursor.is_none() {
                return Ok(engines);
            }
        }
    }
}

fn target(cluster: &store::Cluster) -> ClusterTarget {
    ClusterTarget {
        name: cluster.name.clone(),
        address: cluster.address.clone(),
        storage: cluster.storage.clone(),
    }
}
