/**
 * The nouns of the REST API as they travel.
 *
 * Kept by hand until `npm run api` generates `schema.ts` from the server's `openapi.json`; then each type here becomes
 * a name for one of `components["schemas"]`. Times are RFC 3339 UTC texts; BIGINT and DECIMAL cells are texts.
 */

export type Role = "viewer" | "developer" | "operator" | "owner";

export interface Workspace {
  name: string;
  display_name: string;
  created_at: string;
}

export interface Session {
  user: User;
  workspaces: { name: string; display_name?: string; role: Role }[];
  csrf_token: string;
}

export interface Page<T> {
  items: T[];
  next_cursor: string | null;
}

export type Settings = Record<string, string>;

export interface Draft {
  id: string;
  workspace: string;
  name: string;
  sql: string;
  settings: Settings;
  revision: number;
  created_at: string;
  updated_at: string;
  updated_by: string;
}

/** What a list shows of a draft; `deployments` spares one request a row where the server gives it. */
export type DraftSummary = Omit<Draft, "sql" | "settings"> & {
  deployments?: Pick<Deployment, "id" | "name" | "phase" | "version">[];
};

export interface Version {
  draft_id: string;
  number: number;
  sql: string;
  settings: Settings;
  catalog_ddl: string;
  comment: string;
  created_at: string;
  created_by: string;
}

export type VersionSummary = Omit<Version, "sql" | "settings" | "catalog_ddl">;

export interface DiffLine {
  op: " " | "+" | "-";
  text: string;
}

export interface Estimate {
  parallelism: number;
  memory_bytes: number;
  reasons: string[];
}

export type Desired = "running" | "suspended" | "stopped";

export type Phase =
  | "pending"
  | "starting"
  | "running"
  | "recovering"
  | "rescaling"
  | "suspended"
  | "stopping"
  | "stopped"
  | "finished"
  | "failed"
  | "awaiting_approval";

export interface Condition {
  kind: "unreachable" | "back_off" | "waiting_for_capacity";
  since: string;
  message: string;
}

export interface Span {
  /** Lines and columns count from one; a column counts characters (code points), not bytes or UTF-16 units. */
  line: number;
  column: number;
  end_line: number;
  end_column: number;
  start: number;
  end: number;
}

export interface Diagnostic {
  severity: "error" | "warning" | "info";
  kind: string;
  message: string;
  hint: string | null;
  span: Span | null;
}

/** Why something ended: at least a message, and where several places are to blame each of them. */
export interface Failure {
  /** Of a run: `invalid`, `runtime`, `memory`, `locked`, `fenced` or `internal`. */
  cause?: string | null;
  kind?: string | null;
  message?: string | null;
  hint?: string | null;
  span?: Span | null;
  diagnostics?: Diagnostic[];
}

export interface Deployment {
  id: string;
  workspace: string;
  name: string;
  draft_id: string;
  version: number;
  engine: string;
  parallelism: number | null;
  desired: Desired;
  revision: number;
  generation: number;
  observed_generation: number;
  phase: Phase;
  conditions: Condition[];
  last_error: Failure | null;
  created_at: string;
  updated_at: string;
}

export interface Run {
  id: string;
  deployment_id: string;
  attempt: number;
  epoch: number;
  version: number;
  parallelism: number;
  memory_bytes_max: number;
  phase: Phase;
  started_at: string;
  ended_at: string | null;
  failure: Failure | null;
  pid: number | null;
}

export interface PlanNode {
  id: string;
  name: string;
  detail: string;
  inputs: string[];
  /** What the operator remembers, if anything. */
  state?: string | null;
  span?: Span | null;
}

export interface Plan {
  nodes: PlanNode[];
  /** How rows travel; where it is missing the nodes' inputs say what is connected. */
  edges?: { from: string; to: string; exchange: string | null }[];
}

export interface NodeMetrics {
  id: string;
  name: string;
  rows_in: number;
  rows_out: number;
  watermark?: string | null;
  late_rows?: number;
  state_bytes?: number;
  busy_us?: number;
}

export interface Metrics {
  rows_in: number;
  rows_out: number;
  rows_in_per_second: number;
  watermark: string | null;
  late_rows: number;
  nodes: NodeMetrics[];
  memory_bytes: number;
  at: string;
}

export interface LogPage {
  lines: string[];
  /** The byte to go on from. */
  next: number;
  /** Lines before these were rotated away. */
  skipped?: boolean;
}

export interface Validation {
  diagnostics: Diagnostic[];
  statements: { kind: string; start: number; end: number; line: number }[];
  plan: Plan | null;
}

export type Op = "+I" | "-U" | "+U" | "-D";
export type Cell = string | number | boolean | null | Cell[] | { [name: string]: Cell };
export type Row = Record<string, Cell>;
export interface ChangelogRow {
  op: Op;
  row: Row;
}

export interface ColumnType {
  name: string;
  type: string;
}

export interface PreviewStatistics {
  rows_in: number;
  rows_out: number;
  watermark: string | null;
}

export interface CatalogTree {
  catalogs: {
    name: string;
    databases: {
      name: string;
      tables: { name: string; kind: "table" | "view"; connector: string | null }[];
    }[];
  }[];
}

export interface TableDetail {
  ddl: string;
  columns: { name: string; type: string; kind: string; comment: string | null }[];
  options: Record<string, string>;
}

export interface Sample {
  columns: ColumnType[];
  rows: Row[];
}

export interface Secret {
  name: string;
  created_at: string;
  updated_at: string;
}

export interface Connection {
  name: string;
  kind: string;
  options: Record<string, string>;
}

export interface User {
  id: string;
  name: string;
  is_admin: boolean;
  created_at: string;
}

export interface Member {
  workspace: string;
  user: string;
  user_name: string;
  role: Role;
}

export interface Token {
  id: string;
  name: string;
  user: string;
  workspace: string | null;
  role: Role;
  expires_at: string | null;
  created_at: string;
  last_used_at: string | null;
}

export interface AuditEvent {
  id: number;
  at: string;
  actor: string;
  workspace: string | null;
  action: string;
  subject: string;
  detail: unknown;
}
