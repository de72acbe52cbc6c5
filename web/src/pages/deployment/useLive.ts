/**
 * What a deployment does just now, as the server tells it: the deployment itself goes into the query cache, metrics are
 * kept for the charts, at most `POINTS_MAX` of them. A stream that breaks is opened again, ever more slowly.
 */

import { useDocumentVisibility } from "@mantine/hooks";
import { type QueryClient, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { ApiError } from "../../api/client";
import { deploymentEvents, deploymentKey, metricsQuery, takeDeployment } from "../../api/deployments";
import type { Deployment, Metrics } from "../../api/types";
import type { Live } from "../../components/PlanGraph";

/** A quarter of an hour at one a second. */
const POINTS_MAX = 900;
const RATE_OVER_MS = 10_000;
const RETRY_MS_MIN = 1_000;
const RETRY_MS_MAX = 15_000;

export interface Point {
  time: number;
  metrics: Metrics;
}

export interface LiveDeployment {
  points: Point[];
  latest: Metrics | null;
  isConnected: boolean;
}

export function useLive(ws: string, id: string): LiveDeployment {
  const queryClient = useQueryClient();
  const [points, setPoints] = useState<Point[]>([]);
  const [isConnected, setConnected] = useState(false);
  // The first look, before the stream has told anything; also all there is of a job that does not run.
  const first = useQuery({ ...metricsQuery(ws, id), retry: false });

  // A browser has few connections for one server: those that nobody looks at hold none.
  const isSeen = useDocumentVisibility() === "visible";

  // biome-ignore lint/correctness/useExhaustiveDependencies: another deployment, other points
  useEffect(() => setPoints([]), [ws, id]);
  useEffect(() => {
    if (!isSeen) return;
    const controller = new AbortController();
    follow(ws, id, controller.signal, queryClient, setConnected, (metrics) => {
      const point = { time: Date.parse(metrics.at), metrics };
      setPoints((before) =>
        isNewer(before.at(-1), point) ? [...before.slice(1 - POINTS_MAX), point] : before,
      );
    });
    return () => {
      controller.abort();
      setConnected(false);
    };
  }, [ws, id, queryClient, isSeen]);

  return { points, latest: points.at(-1)?.metrics ?? first.data ?? null, isConnected };
}

function isNewer(last: Point | undefined, point: Point): boolean {
  return !last || point.time > last.time;
}

async function follow(
  ws: string,
  id: string,
  signal: AbortSignal,
  queryClient: QueryClient,
  setConnected: (is: boolean) => void,
  onMetrics: (metrics: Metrics) => void,
): Promise<void> {
  let wait = RETRY_MS_MIN;
  while (!signal.aborted) {
    try {
      for await (const { event, data } of deploymentEvents(ws, id, { signal })) {
        setConnected(true);
        wait = RETRY_MS_MIN;
        if (event === "metrics") onMetrics(JSON.parse(data) as Metrics);
        if (event === "deployment") {
          takeDeployment(queryClient, ws, JSON.parse(data) as Deployment);
          for (const below of ["runs", "checkpoints"]) {
            queryClient.invalidateQueries({ queryKey: [...deploymentKey(ws, id), below] });
          }
        }
      }
    } catch (error) {
      // What the server refuses it will refuse again.
      if (error instanceof ApiError && error.status >= 400 && error.status < 500) break;
    }
    if (signal.aborted) return;
    setConnected(false);
    await new Promise((resolve) => setTimeout(resolve, wait));
    wait = Math.min(RETRY_MS_MAX, wait * 2);
  }
}

/** The look back that rates are told from: long enough that ten-second windows do not make them jump. */
export function earlierPoint(points: Point[]): Point | undefined {
  const last = points.at(-1);
  if (!last || points.length < 2) return undefined;
  return points.findLast(({ time }) => time <= last.time - RATE_OVER_MS) ?? points[0];
}

/** The rate of a counter at every point, each over the ten seconds before it. */
export function ratesOver(points: Point[], read: (metrics: Metrics) => number): (number | null)[] {
  let start = 0;
  return points.map(({ time, metrics }, index) => {
    while (start + 1 < index && (points[start + 1] as Point).time <= time - RATE_OVER_MS) start += 1;
    const before = points[start];
    if (!before || index === 0) return null;
    return perSecond(read(metrics), read(before.metrics), (time - before.time) / 1000);
  });
}

/** A counter that fell belongs to a new run and gives no rate. */
export function useRates(points: Point[]): Map<string, Live> {
  const last = points.at(-1);
  const before = earlierPoint(points);
  return useMemo(() => {
    const rates = new Map<string, Live>();
    if (!last || !before) return rates;
    const seconds = (last.time - before.time) / 1000;
    for (const node of last.metrics.nodes) {
      const earlier = before.metrics.nodes.find(({ id }) => id === node.id);
      if (!earlier) continue;
      rates.set(node.id, {
        rowsInPerSecond: perSecond(node.rows_in, earlier.rows_in, seconds),
        rowsOutPerSecond: perSecond(node.rows_out, earlier.rows_out, seconds),
        lagMs: node.watermark ? last.time - Date.parse(node.watermark) : null,
        busyPercent:
          node.busy_us !== undefined && earlier.busy_us !== undefined
            ? Math.min(100, perSecond(node.busy_us, earlier.busy_us, seconds) / 10_000)
            : null,
      });
    }
    return rates;
  }, [last, before]);
}

export function perSecond(now: number, before: number, seconds: number): number {
  return seconds > 0 && now >= before ? (now - before) / seconds : 0;
}

export function lagMs(metrics: Metrics): number | null {
  return metrics.watermark ? Date.parse(metrics.at) - Date.parse(metrics.watermark) : null;
}
