/** What was kept: every version, what changed in it, and the way back. */

import { Button, NativeSelect } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";
import { draftKey, rollBack, versionDiffQuery, versionQuery, versionsQuery } from "../../api/drafts";
import type { Draft, VersionSummary } from "../../api/types";
import { Confirm } from "../../components/Confirm";
import { DiffView } from "../../components/DiffView";
import { DeployIcon, HistoryIcon } from "../../components/icons";
import { done } from "../../components/notify";
import { Empty, ErrorState, Loading } from "../../components/States";
import { Ago } from "../../components/Time";
import classes from "./VersionsTab.module.css";

const route = getRouteApi("/w/$ws/jobs/$draft");

export function VersionsTab({
  canWrite,
  canDeploy,
  beforeRollBack,
  onRolledBack,
  onDeploy,
  onKeep,
}: {
  canWrite: boolean;
  canDeploy: boolean;
  beforeRollBack: () => Promise<unknown>;
  onRolledBack: (draft: Draft) => void;
  onDeploy: (version: number) => void;
  onKeep: () => void;
}) {
  const { ws, draft } = route.useParams();
  const { version: asked, against } = route.useSearch();
  const versions = useQuery(versionsQuery(ws, draft));
  if (versions.isPending) return <Loading rows={8} />;
  if (versions.isLoadingError) return <ErrorState error={versions.error} retry={versions.refetch} />;
  const { items } = versions.data;
  if (items.length === 0) {
    return (
      <Empty
        title="No versions yet"
        action={
          canWrite && (
            <Button variant="filled" onClick={onKeep}>
              Keep a version
            </Button>
          )
        }
      >
        A version keeps the text, the settings and the catalog as they are now, for good. Deployments run
        versions, never drafts.
      </Empty>
    );
  }
  const shown = items.find(({ number }) => number === asked) ?? items[0];
  if (!shown) return null;
  const previous = items.find(({ number }) => number < shown.number)?.number;
  return (
    <div className={classes.page}>
      <VersionList ws={ws} draft={draft} versions={items} shown={shown.number} />
      <VersionDetail
        key={shown.number}
        version={shown}
        versions={items}
        against={against ?? previous}
        canWrite={canWrite}
        canDeploy={canDeploy}
        beforeRollBack={beforeRollBack}
        onRolledBack={onRolledBack}
        onDeploy={onDeploy}
      />
    </div>
  );
}

function VersionList({
  ws,
  draft,
  versions,
  shown,
}: {
  ws: string;
  draft: string;
  versions: VersionSummary[];
  shown: number;
}) {
  return (
    <nav className={classes.list} aria-label="Versions">
      <ol>
        {versions.map(({ number, comment, created_at, created_by }) => (
          <li key={number}>
            <Link
              to="/w/$ws/jobs/$draft"
              params={{ ws, draft }}
              search={{ tab: "versions", version: number }}
              replace
              aria-current={number === shown || undefined}
            >
              <span className={classes.number}>{number}</span>
              <span className={classes.what}>
                <span className={comment ? "truncate" : "dimmed"}>{comment || "no comment"}</span>
                <span className="dimmed">
                  {created_by}, <Ago time={created_at} />
                </span>
              </span>
            </Link>
          </li>
        ))}
      </ol>
    </nav>
  );
}

function VersionDetail({
  version,
  versions,
  against,
  canWrite,
  canDeploy,
  beforeRollBack,
  onRolledBack,
  onDeploy,
}: {
  version: VersionSummary;
  versions: VersionSummary[];
  against: number | undefined;
  canWrite: boolean;
  canDeploy: boolean;
  beforeRollBack: () => Promise<unknown>;
  onRolledBack: (draft: Draft) => void;
  onDeploy: (version: number) => void;
}) {
  const { ws, draft } = route.useParams();
  const navigate = route.useNavigate();
  const queryClient = useQueryClient();
  const [isAsking, setAsking] = useState(false);
  const others = versions.filter(({ number }) => number !== version.number);
  return (
    <section className={classes.detail} aria-label={`Version ${version.number}`}>
      <div className={classes.bar}>
        <b>Version {version.number}</b>
        {others.length > 0 && (
          <>
            <span className="dimmed">against</span>
            <NativeSelect
              aria-label="Compare against version"
              w={92}
              value={against === undefined ? "none" : String(against)}
              onChange={({ currentTarget: { value } }) =>
                navigate({
                  search: (search) => ({
                    ...search,
                    version: version.number,
                    against: value === "none" ? 0 : Number(value),
                  }),
                  replace: true,
                })
              }
              data={[
                { value: "none", label: "nothing" },
                ...others.map(({ number }) => ({ value: String(number), label: String(number) })),
              ]}
            />
          </>
        )}
        <span className={classes.actions}>
          <Button
            disabled={!canWrite}
            leftSection={<HistoryIcon size={14} />}
            onClick={() => setAsking(true)}
          >
            Roll back to it
          </Button>
          <Button
            disabled={!canDeploy}
            leftSection={<DeployIcon size={14} />}
            onClick={() => onDeploy(version.number)}
          >
            Deploy it
          </Button>
        </span>
      </div>
      <div className={classes.text}>
        {against ? (
          <Difference ws={ws} draft={draft} number={version.number} against={against} />
        ) : (
          <Whole ws={ws} draft={draft} number={version.number} />
        )}
      </div>
      {isAsking && (
        <Confirm
          title={`Roll back to version ${version.number}?`}
          action="Roll back"
          onClose={() => setAsking(false)}
          onConfirm={async () => {
            await beforeRollBack();
            const rolled = await rollBack(ws, draft, version.number);
            queryClient.setQueryData(draftKey(ws, draft), rolled);
            onRolledBack(rolled);
            done(`The draft is version ${version.number} again`);
          }}
        >
          The draft gets the text and the settings of version {version.number}. What the draft says now is
          lost unless a version keeps it. Deployments stay as they are.
        </Confirm>
      )}
    </section>
  );
}

function Difference({
  ws,
  draft,
  number,
  against,
}: {
  ws: string;
  draft: string;
  number: number;
  against: number;
}) {
  const diff = useQuery(versionDiffQuery(ws, draft, number, against));
  if (diff.isPending) return <Loading rows={8} />;
  if (diff.isLoadingError) return <ErrorState error={diff.error} retry={diff.refetch} />;
  return (
    <>
      {diff.data.lines.every(({ op }) => op === " ") && (
        <p className={classes.same}>The text is the same as that of version {against}.</p>
      )}
      <DiffView lines={diff.data.lines} label={`Version ${number} against ${against}`} />
    </>
  );
}

function Whole({ ws, draft, number }: { ws: string; draft: string; number: number }) {
  const version = useQuery(versionQuery(ws, draft, number));
  if (version.isPending) return <Loading rows={8} />;
  if (version.isLoadingError) return <ErrorState error={version.error} retry={version.refetch} />;
  return (
    <DiffView
      label={`Text of version ${number}`}
      lines={version.data.sql.split("\n").map((text) => ({ op: " " as const, text }))}
    />
  );
}
