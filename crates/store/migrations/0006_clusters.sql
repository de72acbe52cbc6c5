CREATE TABLE clusters (
    name TEXT NOT NULL PRIMARY KEY,
    -- Where its JobManager's REST interface listens.
    address TEXT NOT NULL,
    -- Where its checkpoints and savepoints go, as its own file systems name it.
    storage TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
-- Who may run jobs on it.
CREATE TABLE cluster_workspaces (
    cluster TEXT NOT NULL REFERENCES clusters (name) ON DELETE CASCADE,
    workspace TEXT NOT NULL REFERENCES workspaces (name) ON DELETE CASCADE,
    PRIMARY KEY (cluster, workspace)
);
CREATE VIEW clusters_granted AS SELECT *, (
    SELECT json_group_array(workspace) FROM (
        SELECT workspace FROM cluster_workspaces WHERE cluster = clusters.name ORDER BY workspace
    )
) AS workspaces FROM clusters;
-- NULL for the embedded engine.
ALTER TABLE deployments ADD COLUMN cluster TEXT REFERENCES clusters (name);
CREATE INDEX deployments_by_cluster ON deployments (cluster) WHERE cluster IS NOT NULL;
