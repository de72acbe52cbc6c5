/** Writing and trying: the editor above; rows, problems and the plan below. */

import { Button, Tabs } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { lazy, Suspense, useRef } from "react";
import { validationQuery } from "../../api/drafts";
import type { Diagnostic, Settings } from "../../api/types";
import { CheckIcon, PlayIcon, StopIcon } from "../../components/icons";
import { Problems } from "../../components/Problems";
import { Splitter } from "../../components/Splitter";
import { SqlEditor, type SqlEditorHandle } from "../../components/SqlEditor";
import { Empty, ErrorState, Loading } from "../../components/States";
import classes from "./EditorTab.module.css";
import { Results } from "./Results";
import { usePreview } from "./usePreview";
import { useVocabulary } from "./useVocabulary";

const PlanGraph = lazy(() =>
  import("../../components/PlanGraph").then((module) => ({ default: module.PlanGraph })),
);

const route = getRouteApi("/w/$ws/jobs/$draft");
const CHECK_PAUSE_MS = 300;

export function EditorTab({
  sql,
  settings,
  canWrite,
  onEdit,
  onSave,
}: {
  sql: string;
  settings: Settings;
  canWrite: boolean;
  onEdit: (sql: string) => void;
  onSave: () => void;
}) {
  const { ws } = route.useParams();
  const { panel = "results" } = route.useSearch();
  const navigate = route.useNavigate();
  const editor = useRef<SqlEditorHandle>(null);
  const { preview, run, cancel } = usePreview(ws);
  const [checked] = useDebouncedValue(sql, CHECK_PAUSE_MS);
  const isBlank = checked.trim() === "";
  const validation = useQuery({ ...validationQuery(ws, checked, settings), enabled: !isBlank && canWrite });
  const vocabulary = useVocabulary(ws, checked);

  // What the checker said of an older text would point at wrong places.
  const isFresh = checked === sql && !validation.isPlaceholderData && !isBlank;
  const problems = isBlank ? NO_PROBLEMS : (validation.data?.diagnostics ?? NO_PROBLEMS);
  const isRunning = preview.status === "running";

  const show = (next: "results" | "problems" | "plan") =>
    navigate({
      search: (search) => ({ ...search, panel: next === "results" ? undefined : next }),
      replace: true,
    });
  const start = () => {
    if (sql.trim() === "" || !canWrite) return;
    show("results");
    run(sql, settings);
  };
  const goTo = (line: number, column: number) => editor.current?.goTo(line, column);
  const showOperator = (id: string | undefined) => {
    const span = validation.data?.plan?.nodes.find((node) => node.id === id)?.span;
    if (span) goTo(span.line, span.column);
  };

  return (
    <Splitter
      name="job"
      top={
        <>
          <div className={classes.bar}>
            {isRunning ? (
              <Button onClick={cancel} leftSection={<StopIcon size={13} />}>
                Stop
              </Button>
            ) : (
              <Button
                variant="filled"
                onClick={start}
                disabled={sql.trim() === "" || !canWrite}
                leftSection={<PlayIcon size={13} />}
                aria-keyshortcuts="Control+Enter"
              >
                Run
              </Button>
            )}
            <span className={classes.keys}>
              {canWrite ? (
                <>
                  <kbd>Ctrl</kbd> <kbd>Enter</kbd> shows rows; nothing is written
                </>
              ) : (
                "You may read this job; developers write and try it"
              )}
            </span>
            {canWrite && (
              <Verdict
                problems={problems}
                isBlank={isBlank}
                isChecking={!isFresh && !isBlank && !validation.error}
                error={validation.error}
                onShow={() => show("problems")}
              />
            )}
          </div>
          <SqlEditor
            ref={editor}
            label="SQL of the job"
            value={sql}
            onChange={onEdit}
            onRun={start}
            onSave={onSave}
            diagnostics={problems}
            vocabulary={vocabulary}
            readOnly={!canWrite}
          />
        </>
      }
      bottom={
        <Tabs
          className={classes.panel ?? ""}
          value={panel}
          onChange={(next) => show(next as "results" | "problems" | "plan")}
        >
          <Tabs.List>
            <Tabs.Tab value="results">Results</Tabs.Tab>
            <Tabs.Tab value="problems">
              Problems{" "}
              {problems.length > 0 && (
                <span className={classes.count} data-bad={problems.some(isError) || undefined}>
                  {problems.length}
                </span>
              )}
            </Tabs.Tab>
            <Tabs.Tab value="plan">Plan</Tabs.Tab>
          </Tabs.List>
          <Tabs.Panel value="results" className={classes.body}>
            <Results preview={preview} onGoTo={goTo} />
          </Tabs.Panel>
          <Tabs.Panel value="problems" className={classes.body}>
            {validation.error ? (
              <ErrorState error={validation.error} retry={validation.refetch} />
            ) : problems.length === 0 ? (
              <Empty
                compact
                title={
                  !canWrite ? "Developers check texts" : isBlank ? "Nothing to check yet" : "No problems"
                }
              />
            ) : (
              <div className={classes.scroll}>
                <Problems diagnostics={problems} onGoTo={goTo} />
              </div>
            )}
          </Tabs.Panel>
          <Tabs.Panel value="plan" className={classes.body}>
            {!isBlank && validation.data?.plan && validation.data.plan.nodes.length > 0 ? (
              <Suspense fallback={<Loading rows={3} />}>
                <PlanGraph plan={validation.data.plan} fills onSelect={showOperator} />
              </Suspense>
            ) : (
              <Empty compact title="No plan">
                {problems.some(isError)
                  ? "A text with errors has none; the problems tell more."
                  : "A SELECT or an INSERT INTO has one."}
              </Empty>
            )}
          </Tabs.Panel>
        </Tabs>
      }
    />
  );
}

const NO_PROBLEMS: Diagnostic[] = [];

function isError({ severity }: Diagnostic): boolean {
  return severity === "error";
}

/** One word about the text, read out when it changes. */
function Verdict({
  problems,
  isBlank,
  isChecking,
  error,
  onShow,
}: {
  problems: Diagnostic[];
  isBlank: boolean;
  isChecking: boolean;
  error: unknown;
  onShow: () => void;
}) {
  const errors = problems.filter(isError).length;
  const others = problems.length - errors;
  const parts = [
    errors > 0 && `${errors} ${errors === 1 ? "error" : "errors"}`,
    others > 0 && `${others} ${others === 1 ? "warning" : "warnings"}`,
  ].filter(Boolean);
  return (
    <div className={classes.verdict} role="status">
      {isBlank ? null : error ? (
        <span className="dimmed">not checked</span>
      ) : parts.length > 0 ? (
        <button type="button" data-bad={errors > 0 || undefined} onClick={onShow}>
          {parts.join(", ")}
        </button>
      ) : isChecking ? (
        <span className="dimmed">checking…</span>
      ) : (
        <span className={classes.good}>
          <CheckIcon size={13} /> checked
        </span>
      )}
    </div>
  );
}
