/**
 * The nouns of the REST API as they travel: names for the schemas that `npm run api` generates from the server's OpenAPI
 * document into `schema.ts`. Times are RFC 3339 UTC texts; BIGINT and DECIMAL cells are texts.
 */

import type { components } from "./schema";

type Schemas = components["schemas"];

export interface Page<T> {
  items: T[];
  next_cursor: string | null;
}

export type Problem = Schemas["Problem"];
export type Diagnostic = Schemas["Diagnostic"];
export type Operation = Schemas["Operation"];

export type Session = Schemas["Session"];
export type User = Schemas["User"];
export type Token = Schemas["Token"];
export type NewToken = Schemas["NewToken"];
export type TokenContent = Schemas["TokenContent"];
export type UserContent = Schemas["UserContent"];
export type PasswordChange = Schemas["PasswordChange"];

export type Role = Schemas["Role"];
export type Workspace = Schemas["Workspace"];
export type WorkspaceContent = Schemas["WorkspaceContent"];
export type WorkspaceDetail = Schemas["WorkspaceDetail"];
export type Member = Schemas["Member"];
export type Secret = Schemas["Secret"];
export type Connection = Schemas["Connection"];
export type AuditEvent = Schemas["AuditEvent"];

export type Draft = Schemas["Draft"];
export type DraftSummary = Schemas["DraftSummary"];
export type Settings = Draft["settings"];
export type Version = Schemas["Version"];
export type VersionSummary = Schemas["VersionSummary"];
export type VersionDiff = Schemas["VersionDiff"];
export type DiffLine = Schemas["DiffLine"];
export type Estimate = Schemas["Estimate"];
export type Validation = Schemas["Validation"];

export type Deployment = Schemas["Deployment"];
export type DeploymentContent = Schemas["DeploymentContent"];
export type DeploymentChange = Schemas["DeploymentChange"];
export type Desired = Schemas["Desired"];
export type Phase = Schemas["Phase"];
export type Failure = Schemas["Failure"];
export type Checkpoint = Schemas["Checkpoint"];
export type CheckpointMetrics = Schemas["CheckpointMetrics"];
export type LastCheckpoint = Schemas["LastCheckpoint"];
export type Savepoint = Schemas["Savepoint"];
export type Restore = Schemas["Restore"];
export type Verdict = Schemas["Verdict"];
export type Run = Schemas["Run"];
export type Plan = Schemas["Plan"];
export type Metrics = Schemas["Metrics"];
export type LogPage = Schemas["LogPage"];

export type ClusterState = Schemas["ClusterState"];
export type ClusterContent = Schemas["ClusterContent"];
export type Cluster = Schemas["Cluster"];
export type UsableCluster = Schemas["UsableCluster"];

export type CatalogTree = Schemas["CatalogTree"];
export type TableDetail = Schemas["TableDetail"];
export type ColumnType = Schemas["ColumnType"];
export type Functions = Schemas["Functions"];
export type SqlFunction = Schemas["Function"];

export type PreviewStatistics = Schemas["PreviewStatistics"];
export type Op = Schemas["Op"];
/** Any JSON, which is all that the document says of it. */
export type Cell = string | number | boolean | null | Cell[] | { [name: string]: Cell };
export type Row = Record<string, Cell>;
export type ChangelogRow = Omit<Schemas["ChangelogRow"], "row"> & { row: Row };
export type Sample = Omit<Schemas["Sample"], "rows"> & { rows: Row[] };

export type Reached = Schemas["ConnectionReport"];

/** Texts by their paths: a workspace as a folder. */
export type Files = Schemas["Bundle"]["files"];
export type Bundle = Schemas["Bundle"];
export type BundleDiff = Schemas["BundleDiff"];
export type BundleReport = Schemas["BundleReport"];
export type BundleChange = Schemas["BundleChange"];
export type FileDiagnostic = Schemas["FileDiagnostic"];
