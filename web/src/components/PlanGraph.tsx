/** The operators of a job and how rows travel between them, with their rates when it runs. Sources left, sinks right. */

import "@xyflow/react/dist/base.css";
import { Graph, layout } from "@dagrejs/dagre";
import { useElementSize } from "@mantine/hooks";
import {
  Background,
  Controls,
  type Edge,
  Handle,
  MarkerType,
  type Node,
  type NodeProps,
  Position,
  ReactFlow,
} from "@xyflow/react";
import { useMemo } from "react";
import type { Plan } from "../api/types";
import { duration, rate } from "../lib/format";
import { explainOperator } from "../lib/operators";
import classes from "./PlanGraph.module.css";

const NODE_WIDTH = 168;
const NODE_HEIGHT = 66;
const NODE_HEIGHT_LIVE = 90;
const MARGIN = 16;
/** Rows stay on their shard: nothing to tell. */
const FORWARD = "forward";
/** Below this letters cannot be read: a wider plan is shown from its sources on, and dragged. */
const ZOOM_MIN = 0.72;
const CONTROLS_HEIGHT = 30;
const HEIGHT_MIN = 150;
const HEIGHT_MAX = 460;

/** What is known of an operator just now; nothing while the job does not run. */
export interface Live {
  rowsInPerSecond: number;
  rowsOutPerSecond: number;
  lagMs: number | null;
  /** Of the time, in percent, that it was at work. */
  busyPercent: number | null;
}

type OperatorNode = Node<
  { name: string; detail: string; exchange: string | null; live: Live | null; isLive: boolean },
  "operator"
>;

export function PlanGraph({
  plan,
  live,
  selected,
  onSelect,
  fills = false,
}: {
  plan: Plan;
  /** Where it is given the nodes show rates, or that there are none. */
  live?: Map<string, Live>;
  selected?: string | undefined;
  onSelect?: (id: string | undefined) => void;
  /** Take all the room there is instead of as much as the plan needs. */
  fills?: boolean;
}) {
  const isLive = live !== undefined;
  const nodeHeight = isLive ? NODE_HEIGHT_LIVE : NODE_HEIGHT;
  const { ref, width: room, height: roomHeight } = useElementSize();
  const { places, width, height } = useMemo(() => arrange(plan, nodeHeight), [plan, nodeHeight]);
  const zoom = Math.max(ZOOM_MIN, Math.min(1, room / (width + 2 * MARGIN)));
  const boxHeight = Math.max(HEIGHT_MIN, Math.min(HEIGHT_MAX, height * zoom + 2 * MARGIN + CONTROLS_HEIGHT));
  const nodes: OperatorNode[] = plan.nodes.map(({ id, name: operator, detail: line }) => {
    const { title: name, detail } = explainOperator(operator, line);
    return {
      id,
      type: "operator",
      position: places.get(id) ?? { x: 0, y: 0 },
      data: {
        name,
        detail,
        exchange: plan.edges.find(({ to, exchange }) => to === id && exchange !== FORWARD)?.exchange ?? null,
        live: live?.get(id) ?? null,
        isLive,
      },
      selected: id === selected,
      ariaLabel: `${name}: ${detail}`,
      width: NODE_WIDTH,
      height: nodeHeight,
    };
  });
  const edges: Edge[] = plan.edges.map(({ from, to }) => ({
    id: `${from}→${to}`,
    source: from,
    target: to,
    animated: (live?.get(from)?.rowsOutPerSecond ?? 0) > 0,
    markerEnd: { type: MarkerType.ArrowClosed, width: 14, height: 14, color: "var(--o-line-strong)" },
    focusable: false,
  }));
  return (
    <div className={classes.graph} ref={ref} style={fills ? { flex: 1 } : { height: boxHeight }}>
      {room > 0 && (
        <ReactFlow
          // Another plan is looked at from its beginning.
          key={`${places.size} ${width} ${height}`}
          nodes={nodes}
          edges={edges}
          nodeTypes={NODE_TYPES}
          nodesDraggable={false}
          nodesConnectable={false}
          edgesFocusable={false}
          deleteKeyCode={null}
          onNodesChange={(changes) => {
            for (const change of changes) {
              if (change.type === "select" && change.selected) onSelect?.(change.id);
            }
          }}
          onPaneClick={() => onSelect?.(undefined)}
          defaultViewport={{
            x: Math.max(MARGIN * zoom, (room - width * zoom) / 2),
            y: Math.max(MARGIN, ((fills ? roomHeight : boxHeight) - CONTROLS_HEIGHT - height * zoom) / 2),
            zoom,
          }}
          minZoom={0.2}
          maxZoom={1.6}
          preventScrolling={false}
          zoomOnScroll={false}
          panOnScroll={false}
          aria-label="Plan of the job"
        >
          <Background gap={22} size={1} color="var(--o-line)" />
          <Controls showInteractive={false} orientation="horizontal" />
        </ReactFlow>
      )}
    </div>
  );
}

const NODE_TYPES = { operator: Operator };

function Operator({ data: { name, detail, exchange, live, isLive } }: NodeProps<OperatorNode>) {
  return (
    <div className={classes.node} data-busy={(live?.busyPercent ?? 0) > 80 || undefined}>
      <Handle type="target" position={Position.Left} className={classes.handle} isConnectable={false} />
      <div className={classes.name} title={name}>
        {name}
      </div>
      <div className={classes.detail} title={detail}>
        {exchange && (
          <span className={classes.exchange} title="How rows come here from the shards before">
            {exchange}{" "}
          </span>
        )}
        {detail}
      </div>
      {isLive && (
        <div className={classes.live}>
          <span title="Rows in a second">↓ {live ? rate(live.rowsInPerSecond) : "–"}</span>
          <span title="Rows out a second">↑ {live ? rate(live.rowsOutPerSecond) : "–"}</span>
          {live?.lagMs != null && (
            <span className={classes.lag} title="How far the watermark is behind">
              −{duration(live.lagMs)}
            </span>
          )}
        </div>
      )}
      <Handle type="source" position={Position.Right} className={classes.handle} isConnectable={false} />
    </div>
  );
}

interface Arranged {
  places: Map<string, { x: number; y: number }>;
  width: number;
  height: number;
}

function arrange(plan: Plan, nodeHeight: number): Arranged {
  const graph = new Graph({ directed: true });
  graph.setGraph({ rankdir: "LR", nodesep: 18, ranksep: 34 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { id } of plan.nodes) graph.setNode(id, { width: NODE_WIDTH, height: nodeHeight });
  for (const { from, to } of plan.edges) graph.setEdge(from, to);
  layout(graph);
  const places = new Map(
    plan.nodes.map(({ id }) => {
      const { x = 0, y = 0 } = graph.node(id) as { x?: number; y?: number };
      return [id, { x: x - NODE_WIDTH / 2, y: y - nodeHeight / 2 }];
    }),
  );
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number };
  return { places, width, height };
}
