/** What runs: the text of the version, as it was kept. */

import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { versionQuery } from "../../api/drafts";
import type { Deployment } from "../../api/types";
import { LinkButton } from "../../components/Links";
import { SqlEditor, type SqlEditorHandle } from "../../components/SqlEditor";
import { ErrorState, Loading } from "../../components/States";
import classes from "./SqlTab.module.css";

const route = getRouteApi("/w/$ws/deployments/$id");

export function SqlTab({ deployment: { draft_id, version, phase, last_error } }: { deployment: Deployment }) {
  const { ws } = route.useParams();
  const { line, column = 1 } = route.useSearch();
  const editor = useRef<SqlEditorHandle>(null);
  const text = useQuery(versionQuery(ws, draft_id, version));
  const isShown = text.data !== undefined;
  useEffect(() => {
    if (isShown && line !== undefined) editor.current?.goTo(line, column);
  }, [isShown, line, column]);
  return (
    <section className={`panel ${classes.panel}`} aria-label="SQL">
      <div className="panel-head">
        <h2>Version {version}</h2>
        <span className="dimmed truncate">{text.data?.comment}</span>
        <span className="end">
          <LinkButton to="/w/$ws/jobs/$draft" params={{ ws, draft: draft_id }}>
            Open the job
          </LinkButton>
        </span>
      </div>
      {text.isPending ? (
        <Loading rows={8} />
      ) : text.isLoadingError ? (
        <ErrorState error={text.error} retry={text.refetch} />
      ) : (
        <div className={classes.text}>
          <SqlEditor
            key={version}
            ref={editor}
            value={text.data.sql}
            // Of a job that works again the last error is history.
            diagnostics={phase === "failed" || phase === "recovering" ? last_error?.diagnostics : undefined}
            readOnly
            label={`SQL of version ${version}`}
          />
        </div>
      )}
    </section>
  );
}
