-- Attempts go on from what attempts of this epoch or later ones have left behind, and from nothing older.
ALTER TABLE deployments ADD COLUMN restore_since BIGINT NOT NULL DEFAULT 0;
-- Checkpoints are known to whoever keeps them.
DROP TABLE snapshots;
