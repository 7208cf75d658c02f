import "@xyflow/react/dist/base.css";
import {
  BaseEdge,
  Controls,
  type Edge,
  EdgeLabelRenderer,
  type EdgeProps,
  Handle,
  MarkerType,
  type Node,
  type NodeProps,
  Position,
  ReactFlow,
} from "@xyflow/react";
import { createContext, useContext, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { type Lang, pick, useLang } from "../../i18n/lang";
import { useDark } from "../../ui/dark";
import css from "./journeys.module.css";
import { BEND_ABOVE_PX, type Bend, layout, linePath } from "./layout";
import { actsOf, StepFace } from "./steps";
import type { GraphEdge, GraphNode } from "./types";

const WIDTH_PX = 264;
const GAP_PX = 40;
/** Room for a line, its bend and its word. */
const BETWEEN_PX = 64;
/** Height of the picture at most, before one has to move it. */
const HEIGHT_MAX_PX = 2600;
const EDGE_PX = 24;
/** Smaller than this nothing can be read: then one moves the picture instead. */
const ZOOM_READABLE = 0.7;

type StepNode = Node<{ step: GraphNode }, "step">;
type WayEdge = Edge<{ bends: Bend[]; label: string }, "way">;

const Open = createContext<(node: GraphNode) => void>(() => {});

/** Characters of a label and of a detail in a line of a step, at the least. */
const LABEL_CHARS = 26;
const DETAIL_CHARS = 30;

/** How high a step will be: its lines are known before it is drawn, since each part has two at most. */
export function guessedHeight(node: GraphNode, lang: Lang): number {
  const lines = (text: string, chars: number) => Math.min(2, Math.ceil(text.length / chars));
  const label = Math.max(1, lines(pick(lang, node, "label"), LABEL_CHARS)) * 20;
  const detail = lines(pick(lang, node, "detail"), DETAIL_CHARS) * 18;
  const counts = node.template ? 36 : 18;
  const acts = actsOf(node.counts).length * 18;
  return 18 + label + detail + counts + acts + 4;
}

/** A step of the graph: a button that opens who stands there. */
function Step({ data }: NodeProps<StepNode>) {
  const open = useContext(Open);
  return (
    <>
      <Handle type="target" position={Position.Top} isConnectable={false} />
      <button
        type="button"
        className={`${css.step} nopan`}
        data-kind={data.step.kind}
        style={{ width: WIDTH_PX }}
        onClick={() => open(data.step)}
      >
        <StepFace node={data.step} />
      </button>
      <Handle type="source" position={Position.Bottom} isConnectable={false} />
    </>
  );
}

/** A way between two steps; its word stands where it arrives. */
function Way({ sourceX, sourceY, targetX, targetY, markerEnd, data }: EdgeProps<WayEdge>) {
  const bends = data?.bends ?? [];
  const path = linePath({ x: sourceX, y: sourceY }, { x: targetX, y: targetY }, bends);
  const first = bends[0];
  const word = first ?? { x: targetX, y: targetY };
  return (
    <>
      <BaseEdge path={path} {...(markerEnd ? { markerEnd } : {})} />
      {data?.label && (
        <EdgeLabelRenderer>
          <span
            className={css.word}
            style={{
              transform: `translate(-50%, -50%) translate(${word.x}px, ${word.y - BEND_ABOVE_PX - 14}px)`,
            }}
          >
            {data.label}
          </span>
        </EdgeLabelRenderer>
      )}
    </>
  );
}

const STEPS = { step: Step };
const WAYS = { way: Way };

/** The journey as a picture: each step with its figures, each way with its condition. */
export default function Graph({
  nodes,
  edges,
  onOpen,
}: {
  nodes: GraphNode[];
  edges: GraphEdge[];
  onOpen: (node: GraphNode) => void;
}) {
  const { t } = useTranslation("journeys");
  const lang = useLang();
  const dark = useDark();
  const place = useRef<HTMLElement>(null);
  const [room, setRoom] = useState(0);
  useEffect(() => setRoom(place.current?.clientWidth ?? 0), []);
  // Figures change every second; the places only with the steps.
  const shape = JSON.stringify([
    nodes.map((node) => [node.id, guessedHeight(node, lang)]),
    edges.map(({ from, to }) => ({ from, to })),
  ]);
  const drawn = useMemo(() => {
    const [steps, ways] = JSON.parse(shape) as [[string, number][], GraphEdge[]];
    const heights = new Map(steps);
    const ids = steps.map(([id]) => id);
    return layout(ids, ways, {
      width: WIDTH_PX,
      gap: GAP_PX,
      between: BETWEEN_PX,
      heightOf: (id) => heights.get(id) ?? 0,
    });
  }, [shape]);
  const places = new Map(drawn.steps.map((one) => [one.id, one]));
  const zoom = Math.min(1, Math.max(ZOOM_READABLE, (room - 2 * EDGE_PX) / drawn.width));
  const height = Math.min(HEIGHT_MAX_PX, Math.round(drawn.height * zoom) + 2 * EDGE_PX);
  const flowNodes = nodes.map((step): StepNode => {
    const { x = 0, y = 0 } = places.get(step.id) ?? {};
    // The button inside takes the focus.
    const still = { focusable: false, draggable: false, selectable: false };
    return { id: step.id, type: "step", position: { x, y }, data: { step }, ...still };
  });
  const named = new Map(nodes.map((node) => [node.id, pick(lang, node, "label")]));
  const flowEdges = edges.map(
    (edge, number): WayEdge => ({
      id: `${number}`,
      source: edge.from,
      target: edge.to,
      type: "way",
      ariaLabel: t("edge", { from: named.get(edge.from), to: named.get(edge.to) }),
      focusable: false,
      selectable: false,
      markerEnd: { type: MarkerType.ArrowClosed, color: "var(--control)" },
      data: { bends: drawn.bends.get(number) ?? [], label: pick(lang, edge, "label") },
    }),
  );
  return (
    <Open value={onOpen}>
      <section ref={place} className={css.canvas} style={{ height }} aria-label={t("graph")}>
        {room > 0 && (
          <ReactFlow
            nodes={flowNodes}
            edges={flowEdges}
            nodeTypes={STEPS}
            edgeTypes={WAYS}
            colorMode={dark ? "dark" : "light"}
            defaultViewport={{
              x: Math.max(EDGE_PX, (room - drawn.width * zoom) / 2),
              y: EDGE_PX,
              zoom,
            }}
            minZoom={0.2}
            maxZoom={1.5}
            nodesDraggable={false}
            nodesConnectable={false}
            nodesFocusable={false}
            edgesFocusable={false}
            elementsSelectable={false}
            zoomOnScroll={false}
            zoomOnDoubleClick={false}
            // A picture that fits is not dragged: the page under it moves.
            panOnDrag={drawn.width * zoom > room || height === HEIGHT_MAX_PX}
            preventScrolling={false}
            ariaLabelConfig={{
              "controls.ariaLabel": t("graph_controls"),
              "controls.zoomIn.ariaLabel": t("zoom.in"),
              "controls.zoomOut.ariaLabel": t("zoom.out"),
              "controls.fitView.ariaLabel": t("zoom.fit"),
            }}
            proOptions={{ hideAttribution: true }}
          >
            <Controls showInteractive={false} position="top-right" />
          </ReactFlow>
        )}
      </section>
    </Open>
  );
}
