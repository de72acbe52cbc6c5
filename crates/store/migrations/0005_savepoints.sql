-- The savepoint that attempts begin from which find nothing newer; NULL if they begin anew.
ALTER TABLE deployments ADD COLUMN restore_savepoint TEXT;
-- Whether the version that is wanted may drop state that it has no use for.
ALTER TABLE deployments ADD COLUMN drops_state BIGINT NOT NULL DEFAULT 0;
CREATE TABLE savepoints (
    id TEXT NOT NULL PRIMARY KEY,
    workspace TEXT NOT NULL REFERENCES workspaces (name) ON DELETE CASCADE,
    -- Savepoints outlive their deployments and drafts.
    deployment_id TEXT NOT NULL,
    deployment_name TEXT NOT NULL,
    draft_id TEXT NOT NULL,
    -- Until it is done, the version that was wanted when it was asked for.
    version BIGINT NOT NULL,
    name TEXT NOT NULL,
    at_stop BIGINT NOT NULL,
    status TEXT NOT NULL,
    -- Of one that failed.
    reason TEXT,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    -- When it came to be done or failed.
    ended_at BIGINT,
    -- Of one that is done.
    run_id TEXT,
    epoch BIGINT,
    parallelism BIGINT,
    taken_at BIGINT,
    bytes BIGINT
);
CREATE INDEX savepoints_in_order ON savepoints (workspace, id);
CREATE INDEX savepoints_by_deployment ON savepoints (deployment_id, id);
CREATE INDEX savepoints_pending ON savepoints (deployment_id) WHERE status = 'pending';
CREATE INDEX deployments_by_savepoint ON deployments (restore_savepoint) WHERE restore_savepoint IS NOT NULL;
