CREATE TABLE snapshots (
    id TEXT NOT NULL PRIMARY KEY,
    deployment_id TEXT NOT NULL REFERENCES deployments (id) ON DELETE CASCADE,
    -- The attempt that wrote it.
    run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    -- Where its files lie, as the engine knows it.
    location TEXT NOT NULL,
    -- NULL as long as it is written.
    bytes BIGINT,
    created_at BIGINT NOT NULL
);
CREATE INDEX snapshots_in_order ON snapshots (deployment_id, id);
CREATE INDEX snapshots_by_run ON snapshots (run_id);
