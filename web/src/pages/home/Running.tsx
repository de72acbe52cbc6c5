/** What runs, with what flows through it just now. */

import { useQueries } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { metricsQuery } from "../../api/deployments";
import type { Deployment } from "../../api/types";
import { Phase } from "../../components/Phase";
import { duration, rate } from "../../lib/format";

const METRICS_REFRESH_MS = 5_000;

export function Running({ ws, deployments }: { ws: string; deployments: Deployment[] }) {
  const metrics = useQueries({
    queries: deployments.map(({ id, phase }) => ({
      ...metricsQuery(ws, id),
      enabled: phase === "running",
      refetchInterval: METRICS_REFRESH_MS,
      retry: false,
    })),
  });
  return (
    <table className="plain">
      <thead>
        <tr>
          <th>Deployment</th>
          <th>Phase</th>
          <th className="number">Rows in</th>
          <th className="number">Behind</th>
          <th className="number">Version</th>
        </tr>
      </thead>
      <tbody>
        {deployments.map(({ id, name, phase, version }, index) => {
          const now = phase === "running" ? metrics[index]?.data : undefined;
          const lag = now?.watermark ? Date.parse(now.at) - Date.parse(now.watermark) : null;
          return (
            <tr key={id}>
              <td className="name">
                <Link className="link" to="/w/$ws/deployments/$id" params={{ ws, id }} title={name}>
                  {name}
                </Link>
              </td>
              <td>
                <Phase phase={phase} />
              </td>
              <td className="number">{now ? rate(now.rows_in_per_second) : "–"}</td>
              <td className="number">{lag === null ? "–" : duration(lag)}</td>
              <td className="number">{version}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
