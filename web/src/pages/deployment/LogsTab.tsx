/** The log of a run, following its end until the reader scrolls away. */

import { Button, Checkbox, NativeSelect } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef, useState } from "react";
import { runsQuery } from "../../api/deployments";
import { CopyText } from "../../components/CopyText";
import { SearchBox } from "../../components/SearchBox";
import { Empty, ErrorState, Loading } from "../../components/States";
import { count, dateTime, words } from "../../lib/format";
import classes from "./LogsTab.module.css";
import { useLog } from "./useLog";

const route = getRouteApi("/w/$ws/deployments/$id");
const LINE_PX = 19;

export function LogsTab() {
  const { ws, id } = route.useParams();
  const { run, find = "" } = route.useSearch();
  const navigate = route.useNavigate();
  const runs = useQuery(runsQuery(ws, id));
  const log = useLog(ws, id, run);
  const [isFollowing, setFollowing] = useState(true);
  const scroller = useRef<HTMLDivElement>(null);
  const shown = useMemo(() => {
    const text = find.toLowerCase();
    return text ? log.lines.filter((line) => line.toLowerCase().includes(text)) : log.lines;
  }, [log.lines, find]);
  const virtual = useVirtualizer({
    count: shown.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE_PX,
    overscan: 30,
  });
  useEffect(() => {
    if (isFollowing && shown.length > 0) virtual.scrollToIndex(shown.length - 1, { align: "end" });
  }, [isFollowing, shown.length, virtual]);

  return (
    <section className={`panel ${classes.panel}`} aria-label="Logs">
      <div className="panel-head">
        <NativeSelect
          aria-label="Run"
          value={run ?? ""}
          onChange={({ currentTarget: { value } }) =>
            navigate({ search: (search) => ({ ...search, run: value || undefined }), replace: true })
          }
          data={[
            { value: "", label: "The newest run" },
            ...(runs.data?.items ?? []).map((each) => ({
              value: each.id,
              label: `Attempt ${each.attempt} · ${words(each.phase)} · ${dateTime(each.started_at)}`,
            })),
          ]}
        />
        <SearchBox
          label="Lines with"
          value={find}
          width={200}
          onSearch={(text) =>
            navigate({ search: (search) => ({ ...search, find: text || undefined }), replace: true })
          }
        />
        <span className="dimmed">
          {count(shown.length)} {shown.length === 1 ? "line" : "lines"}
        </span>
        <span className="end">
          <Checkbox
            label="Follow"
            checked={isFollowing}
            onChange={(event) => setFollowing(event.currentTarget.checked)}
          />
          <CopyText text={shown.join("\n")} label="Copy" />
        </span>
      </div>
      {log.error ? (
        <ErrorState error={log.error} retry={log.retry} />
      ) : log.isLoading ? (
        <Loading rows={10} />
      ) : shown.length === 0 ? (
        find ? (
          <Empty
            compact
            title="No line says that"
            action={
              <Button
                onClick={() =>
                  navigate({ search: (search) => ({ ...search, find: undefined }), replace: true })
                }
              >
                Show all lines
              </Button>
            }
          />
        ) : (
          <Empty compact title="The log is empty" />
        )
      ) : (
        // biome-ignore lint/a11y/useSemanticElements: a section that scrolls, so that the keyboard reaches it
        <div
          ref={scroller}
          className={classes.lines}
          role="region"
          aria-label="Lines of the log"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
          tabIndex={0}
          onWheel={(event) => event.deltaY < 0 && setFollowing(false)}
        >
          {log.isCut && <div className={classes.cut}>Older lines are gone.</div>}
          <div style={{ height: virtual.getTotalSize(), position: "relative" }}>
            {virtual.getVirtualItems().map(({ index, start }) => {
              const line = shown[index] ?? "";
              return (
                <div
                  key={index}
                  className={classes.line}
                  data-level={levelOf(line)}
                  style={{ transform: `translateY(${start}px)` }}
                >
                  {line}
                </div>
              );
            })}
          </div>
        </div>
      )}
    </section>
  );
}

function levelOf(line: string): string | undefined {
  return /\b(ERROR|WARN|DEBUG|TRACE)\b/.exec(line.slice(0, 60))?.[1]?.toLowerCase();
}
