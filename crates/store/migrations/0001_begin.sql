-- Times are milliseconds since 1970. Ids are text. Settings, options, conditions and the like are JSON text.
-- Every list has an index in the order of its pages.

CREATE TABLE workspaces (
    name TEXT NOT NULL PRIMARY KEY,
    display_name TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE users (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    -- In PHC form; a user without one cannot sign in by password.
    password_hash TEXT,
    is_admin BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE members (
    workspace TEXT NOT NULL REFERENCES workspaces (name) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role TEXT NOT NULL,
    PRIMARY KEY (workspace, user_id)
);
CREATE INDEX members_by_user ON members (user_id);

CREATE TABLE sessions (
    -- SHA-256 of the id that the browser holds.
    id_hash TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE tokens (
    id TEXT NOT NULL PRIMARY KEY,
    -- SHA-256 of the token's text.
    token_hash TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    workspace TEXT REFERENCES workspaces (name) ON DELETE CASCADE,
    role TEXT NOT NULL,
    expires_at BIGINT,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT
);
CREATE INDEX tokens_by_user ON tokens (user_id, id);
CREATE INDEX tokens_by_workspace ON tokens (workspace);

CREATE TABLE drafts (
    id TEXT NOT NULL PRIMARY KEY,
    workspace TEXT NOT NULL REFERENCES workspaces (name) ON DELETE CASCADE,
    name TEXT NOT NULL,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    updated_by TEXT NOT NULL,
    settings TEXT NOT NULL,
    sql TEXT NOT NULL,
    UNIQUE (workspace, name)
);
CREATE INDEX drafts_in_order ON drafts (workspace, id, name);

-- Written once and never changed.
CREATE TABLE versions (
    draft_id TEXT NOT NULL REFERENCES drafts (id) ON DELETE CASCADE,
    number BIGINT NOT NULL,
    content_hash TEXT NOT NULL,
    comment TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    settings TEXT NOT NULL,
    sql TEXT NOT NULL,
    catalog_ddl TEXT NOT NULL,
    PRIMARY KEY (draft_id, number)
);

CREATE TABLE deployments (
    id TEXT NOT NULL PRIMARY KEY,
    workspace TEXT NOT NULL REFERENCES workspaces (name) ON DELETE CASCADE,
    name TEXT NOT NULL,
    draft_id TEXT NOT NULL,
    version BIGINT NOT NULL,
    engine TEXT NOT NULL,
    -- NULL: chosen by the platform.
    parallelism BIGINT,
    desired TEXT NOT NULL,
    revision BIGINT NOT NULL,
    generation BIGINT NOT NULL,
    phase TEXT NOT NULL,
    -- Of the newest run; none is 0.
    epoch BIGINT NOT NULL,
    observed_generation BIGINT NOT NULL,
    conditions TEXT NOT NULL,
    last_error TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (workspace, name),
    -- Checked at the end of a statement, so that a workspace can go with all that is in it.
    FOREIGN KEY (draft_id, version) REFERENCES versions (draft_id, number)
);
CREATE INDEX deployments_in_order ON deployments (workspace, id, name);
CREATE INDEX deployments_by_phase ON deployments (phase, id);
CREATE INDEX deployments_by_version ON deployments (draft_id, version);

CREATE TABLE runs (
    id TEXT NOT NULL PRIMARY KEY,
    deployment_id TEXT NOT NULL REFERENCES deployments (id) ON DELETE CASCADE,
    attempt BIGINT NOT NULL,
    epoch BIGINT NOT NULL,
    version BIGINT NOT NULL,
    parallelism BIGINT NOT NULL,
    memory_bytes_max BIGINT NOT NULL,
    phase TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    ended_at BIGINT,
    failure TEXT,
    pid BIGINT,
    UNIQUE (deployment_id, epoch)
);
CREATE INDEX runs_that_live ON runs (id) WHERE ended_at IS NULL;

CREATE TABLE catalogs (
    workspace TEXT NOT NULL PRIMARY KEY REFERENCES workspaces (name) ON DELETE CASCADE,
    revision BIGINT NOT NULL
);

CREATE TABLE catalog_objects (
    workspace TEXT NOT NULL REFERENCES workspaces (name) ON DELETE CASCADE,
    catalog TEXT NOT NULL,
    -- Empty for a catalog itself.
    database_name TEXT NOT NULL,
    -- Empty for a catalog and a database.
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    -- Statements in this order make the catalog again.
    position BIGINT NOT NULL,
    ddl TEXT NOT NULL,
    PRIMARY KEY (workspace, catalog, database_name, name)
);

CREATE TABLE secrets (
    workspace TEXT NOT NULL REFERENCES workspaces (name) ON DELETE CASCADE,
    name TEXT NOT NULL,
    -- The master key that the value is sealed with.
    key_id TEXT NOT NULL,
    sealed BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (workspace, name)
);

CREATE TABLE connections (
    workspace TEXT NOT NULL REFERENCES workspaces (name) ON DELETE CASCADE,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    options TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (workspace, name)
);

CREATE TABLE artifacts (
    workspace TEXT NOT NULL REFERENCES workspaces (name) ON DELETE CASCADE,
    -- SHA-256 of the bytes, which lie in a folder.
    hash TEXT NOT NULL,
    name TEXT NOT NULL,
    size_bytes BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (workspace, hash)
);
CREATE INDEX artifacts_by_hash ON artifacts (hash);

-- Rows are only ever added. They outlive what they speak of, so nothing is referenced.
CREATE TABLE audit_events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    workspace TEXT,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL
);
CREATE INDEX audit_events_in_order ON audit_events (workspace, id);

CREATE TABLE idempotency_keys (
    principal TEXT NOT NULL,
    key TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    -- NULL as long as the first request is under way.
    key_id TEXT,
    sealed_answer BLOB,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (principal, key)
);
CREATE INDEX idempotency_keys_by_expiry ON idempotency_keys (expires_at);
