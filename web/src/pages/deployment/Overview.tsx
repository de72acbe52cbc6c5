/** The job at work: its plan with what flows through it, and the last quarter of an hour. */

import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { planQuery } from "../../api/deployments";
import type { Deployment, Metrics, Plan } from "../../api/types";
import { LiveChart } from "../../components/LiveChart";
import { type Live, PlanGraph } from "../../components/PlanGraph";
import { Empty, ErrorState, Loading } from "../../components/States";
import { bytes, compact, count, duration, rate } from "../../lib/format";
import { explainOperator } from "../../lib/operators";
import { droppedRows, keptLateRows } from "../../lib/rowLosses";
import classes from "./Overview.module.css";
import { type LiveDeployment, lagMs, type Point, ratesOver, useRates } from "./useLive";

const route = getRouteApi("/w/$ws/deployments/$id");

export function Overview({ deployment, live }: { deployment: Deployment; live: LiveDeployment }) {
  const { ws, id } = route.useParams();
  const { node } = route.useSearch();
  const navigate = route.useNavigate();
  const plan = useQuery(planQuery(ws, id, deployment.version));
  const rates = useRates(live.points);
  const select = (next: string | undefined) =>
    navigate({ search: (search) => ({ ...search, node: next }), replace: true });
  return (
    <>
      <section className="panel" aria-labelledby="plan">
        <div className="panel-head">
          <h2 id="plan">Plan</h2>
          <span className="count">{plan.data && `${plan.data.nodes.length} operators`}</span>
        </div>
        {plan.isPending ? (
          <Loading rows={5} />
        ) : plan.isLoadingError ? (
          <ErrorState error={plan.error} retry={plan.refetch} />
        ) : (
          <>
            <div className={classes.graph}>
              <PlanGraph plan={plan.data} live={rates} selected={node} onSelect={select} />
            </div>
            <Operators
              plan={plan.data}
              metrics={live.latest}
              rates={rates}
              selected={node}
              onSelect={select}
            />
          </>
        )}
      </section>
      <Charts points={live.points} />
    </>
  );
}

/** The same as the graph says, for those who read tables. */
function Operators({
  plan,
  metrics,
  rates,
  selected,
  onSelect,
}: {
  plan: Plan;
  metrics: Metrics | null;
  rates: Map<string, Live>;
  selected: string | undefined;
  onSelect: (id: string | undefined) => void;
}) {
  return (
    <div className={classes.operators}>
      <table className="plain">
        <thead>
          <tr>
            <th>Operator</th>
            <th className="number">In</th>
            <th className="number">In/s</th>
            <th className="number">Out</th>
            <th className="number">Out/s</th>
            <th className="number">Behind</th>
            <th className="number">Dropped</th>
            <th className="number">State</th>
            <th className="number">Busy</th>
          </tr>
        </thead>
        <tbody>
          {plan.nodes.map(({ id, name, detail }) => {
            const node = metrics?.nodes.find((each) => each.id === id);
            const now = rates.get(id);
            const dropped = node && droppedRows(node);
            const kept = node && keptLateRows(node);
            const explained = explainOperator(name, detail);
            return (
              <tr key={id} aria-current={id === selected || undefined}>
                <td>
                  <button
                    type="button"
                    className={classes.operator}
                    aria-pressed={id === selected}
                    title={explained.detail}
                    onClick={() => onSelect(id === selected ? undefined : id)}
                  >
                    {explained.title}
                  </button>
                </td>
                <td className="number">{node ? count(node.rows_in) : "–"}</td>
                <td className="number">{now ? compact(now.rowsInPerSecond) : "–"}</td>
                <td className="number">{node ? count(node.rows_out) : "–"}</td>
                <td className="number">{now ? compact(now.rowsOutPerSecond) : "–"}</td>
                <td className="number">{now?.lagMs != null ? duration(now.lagMs) : "–"}</td>
                <td className="number" title={[dropped?.reasons, kept?.reasons].filter(Boolean).join("; ")}>
                  {dropped ? count(dropped.total) : "–"}
                </td>
                <td className="number" title={node?.spilled_bytes ? whereStateIs(node) : undefined}>
                  {node?.state_bytes ? bytes(node.state_bytes + node.spilled_bytes) : "–"}
                </td>
                <td className="number">
                  {now?.busyPercent != null ? `${Math.round(now.busyPercent)} %` : "–"}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function whereStateIs(node: Metrics["nodes"][number]): string {
  return `${bytes(node.state_bytes)} in memory, ${bytes(node.spilled_bytes)} in files`;
}

function Charts({ points }: { points: Point[] }) {
  if (points.length < 2) {
    return (
      <section className="panel" aria-label="Metrics">
        <Empty compact title="No metrics to draw">
          Charts begin when the job runs and this page is open.
        </Empty>
      </section>
    );
  }
  const times = points.map(({ time }) => time);
  return (
    <section className={classes.charts} aria-label="Metrics of the last minutes">
      <div className="panel">
        <LiveChart
          title="Rows"
          times={times}
          format={rate}
          series={[
            { label: "in", color: 1, values: ratesOver(points, (metrics) => metrics.rows_in) },
            { label: "out", color: 2, values: ratesOver(points, (metrics) => metrics.rows_out) },
          ]}
        />
      </div>
      <div className="panel">
        <LiveChart
          title="Watermark behind"
          times={times}
          format={duration}
          series={[{ label: "lag", color: 3, values: points.map(({ metrics }) => lagMs(metrics)) }]}
        />
      </div>
      <div className="panel">
        <LiveChart
          title="Memory"
          times={times}
          format={bytes}
          isBinary
          series={[{ label: "used", color: 2, values: points.map(({ metrics }) => metrics.memory_bytes) }]}
        />
      </div>
    </section>
  );
}
