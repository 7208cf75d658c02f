import "@xyflow/react/dist/base.css";
import {
  Controls,
  Handle,
  MarkerType,
  type Node,
  type NodeProps,
  Position,
  ReactFlow,
} from "@xyflow/react";
import { createContext, useContext, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { pick, useLang } from "../../i18n/lang";
import { useDark } from "../../ui/dark";
import css from "./journeys.module.css";
import { layout } from "./layout";
import { StepFace } from "./steps";
import type { GraphEdge, GraphNode } from "./types";

const WIDTH_PX = 248;
const SPACING = { width: WIDTH_PX, gap: 32, layerHeight: 152 };

type StepNode = Node<{ step: GraphNode }, "step">;

const Open = createContext<(node: GraphNode) => void>(() => {});

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

const TYPES = { step: Step };

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
  const shape = nodes.map((node) => node.id).join("\n");
  const ways = edges.map((edge) => `${edge.from}\t${edge.to}`).join("\n");
  // Figures change every second; the places only with the steps.
  const places = useMemo(() => {
    const ids = shape.split("\n").filter(Boolean);
    const links = ways.split("\n").flatMap((line) => {
      const [from = "", to = ""] = line.split("\t");
      return from && to ? [{ from, to }] : [];
    });
    return new Map(layout(ids, links, SPACING).map((one) => [one.id, one]));
  }, [shape, ways]);
  const flowNodes = nodes.map((step): StepNode => {
    const place = places.get(step.id);
    return {
      id: step.id,
      type: "step",
      position: { x: place?.x ?? 0, y: place?.y ?? 0 },
      data: { step },
      // The button inside takes the focus.
      focusable: false,
      draggable: false,
      selectable: false,
    };
  });
  const flowEdges = edges.map((edge) => {
    const label = pick(lang, edge, "label");
    return {
      id: `${edge.from}→${edge.to}:${label}`,
      source: edge.from,
      target: edge.to,
      type: "smoothstep",
      focusable: false,
      selectable: false,
      markerEnd: { type: MarkerType.ArrowClosed, color: "var(--control)" },
      ...(label ? { label } : {}),
    };
  });
  return (
    <Open value={onOpen}>
      <section className={css.canvas} aria-label={t("graph")}>
        <ReactFlow
          nodes={flowNodes}
          edges={flowEdges}
          nodeTypes={TYPES}
          colorMode={dark ? "dark" : "light"}
          fitView
          fitViewOptions={{ maxZoom: 1, padding: 0.08 }}
          minZoom={0.2}
          maxZoom={1.5}
          nodesDraggable={false}
          nodesConnectable={false}
          nodesFocusable={false}
          edgesFocusable={false}
          elementsSelectable={false}
          zoomOnScroll={false}
          preventScrolling={false}
          proOptions={{ hideAttribution: true }}
        >
          <Controls
            showInteractive={false}
            aria-label={t("graph_controls")}
            position="bottom-right"
          />
        </ReactFlow>
      </section>
    </Open>
  );
}
