/** Where the steps of a journey stand on the page: layers from top to bottom, few crossings, no overlaps. */

export interface Placed {
  id: string;
  x: number;
  y: number;
  /** Layer from the top, from 0. */
  layer: number;
}

/** A place on the way of an edge, where it passes between the steps of a layer. */
export interface Bend {
  x: number;
  /** Top of the layer. */
  y: number;
}

export interface Layout {
  steps: Placed[];
  /** For each edge given, by its number: where it passes; none for a short one. */
  bends: Map<number, Bend[]>;
  /** Width of the picture, pixels. */
  width: number;
  /** Height of the picture, pixels. */
  height: number;
}

export interface Edge {
  from: string;
  to: string;
}

export interface Spacing {
  /** Width of a step, pixels. */
  width: number;
  /** Free room between two steps of a layer, pixels. */
  gap: number;
  /** Free room between two layers, pixels. */
  between: number;
  /** Height of a step, pixels. */
  heightOf: (id: string) => number;
}

/** Sweeps that order a layer by its neighbours; more change nothing on journeys of a hundred steps. */
const SWEEPS = 8;
/** Room that a line passing between steps takes, as a share of a step's. */
const LINE_SHARE = 0.2;

interface Dot {
  id: string;
  layer: number;
  x: number;
  width: number;
  up: Dot[];
  down: Dot[];
}

/** The edges that do not lead back to a step one came from: a reminder's loop must not push its start down. */
export function forward(ids: string[], edges: Edge[]): Edge[] {
  const out = new Map<string, Edge[]>();
  for (const edge of edges) {
    out.set(edge.from, [...(out.get(edge.from) ?? []), edge]);
  }
  const state = new Map<string, "open" | "done">();
  const kept: Edge[] = [];
  const visit = (id: string) => {
    state.set(id, "open");
    for (const edge of out.get(id) ?? []) {
      if (state.get(edge.to) !== "open") {
        kept.push(edge);
        if (!state.has(edge.to)) {
          visit(edge.to);
        }
      }
    }
    state.set(id, "done");
  };
  for (const id of ids) {
    if (!state.has(id)) {
      visit(id);
    }
  }
  return kept;
}

/** The longest way to each step, in steps. */
function layers(ids: string[], edges: Edge[]): Map<string, number> {
  const layer = new Map(ids.map((id) => [id, 0]));
  // A way has at most as many steps as there are: so many rounds settle it.
  for (let round = 0; round < ids.length; round += 1) {
    let moved = false;
    for (const { from, to } of edges) {
      const wanted = (layer.get(from) ?? 0) + 1;
      if ((layer.get(to) ?? 0) < wanted) {
        layer.set(to, wanted);
        moved = true;
      }
    }
    if (!moved) {
      break;
    }
  }
  return layer;
}

const mean = (dots: Dot[]) => dots.reduce((sum, dot) => sum + dot.x, 0) / dots.length;

/** Moves the dots of a layer towards where they want to be, in their order and without overlap. */
function settle(row: Dot[], wish: (dot: Dot) => number, gap: number): void {
  const wanted = row.map(wish);
  const apart = (at: number) => ((row[at - 1]?.width ?? 0) + (row[at]?.width ?? 0)) / 2 + gap;
  const push = (from: number[], backwards: boolean) => {
    const x = [...from];
    for (let at = 1; at < x.length; at += 1) {
      const here = backwards ? x.length - 1 - at : at;
      const next = backwards ? here + 1 : here - 1;
      const room = apart(backwards ? next : here);
      x[here] = backwards
        ? Math.min(x[here] ?? 0, (x[next] ?? 0) - room)
        : Math.max(x[here] ?? 0, (x[next] ?? 0) + room);
    }
    return x;
  };
  // Both pushes keep the distances, and so does the middle between them.
  const right = push(wanted, false);
  const left = push(wanted, true);
  row.forEach((dot, at) => {
    dot.x = ((right[at] ?? 0) + (left[at] ?? 0)) / 2;
  });
}

/** Places each step; an edge over several layers keeps a lane free so that it crosses no step. */
export function layout(ids: string[], edges: Edge[], spacing: Spacing): Layout {
  const known = new Set(ids);
  const ways = forward(
    ids,
    edges.filter((edge) => known.has(edge.from) && known.has(edge.to)),
  );
  const layer = layers(ids, ways);
  const dots = new Map<string, Dot>();
  const rows: Dot[][] = [];
  const add = (id: string, at: number, width: number) => {
    const dot: Dot = { id, layer: at, x: 0, width, up: [], down: [] };
    dots.set(id, dot);
    rows[at] = [...(rows[at] ?? []), dot];
    return dot;
  };
  const link = (from: Dot | undefined, to: Dot | undefined) => {
    if (from && to) {
      from.down.push(to);
      to.up.push(from);
    }
  };
  for (const id of ids) {
    add(id, layer.get(id) ?? 0, spacing.width);
  }
  const lanes = new Map<number, Dot[]>();
  for (const way of ways) {
    const { from, to } = way;
    const number = edges.indexOf(way);
    const end = layer.get(to) ?? 0;
    let last = dots.get(from);
    for (let at = (layer.get(from) ?? 0) + 1; at < end; at += 1) {
      const lane = add(`\u0000${number}/${at}`, at, spacing.width * LINE_SHARE);
      lanes.set(number, [...(lanes.get(number) ?? []), lane]);
      link(last, lane);
      last = lane;
    }
    link(last, dots.get(to));
  }
  for (const row of rows) {
    settle(row, (dot) => (dot.up.length > 0 ? mean(dot.up) : 0), spacing.gap);
  }
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    const down = sweep % 2 === 0;
    for (const row of down ? rows : [...rows].reverse()) {
      const beside = (dot: Dot) => (down ? dot.up : dot.down);
      const wish = (dot: Dot) => (beside(dot).length > 0 ? mean(beside(dot)) : dot.x);
      row.sort((a, b) => wish(a) - wish(b));
      settle(row, wish, spacing.gap);
    }
  }
  const all = [...dots.values()];
  const left = Math.min(0, ...all.map((dot) => dot.x - dot.width / 2));
  const right = Math.max(0, ...all.map((dot) => dot.x + dot.width / 2));
  const tops: number[] = [];
  let height = 0;
  rows.forEach((row, at) => {
    tops[at] = height;
    const tallest = Math.max(
      0,
      ...row.filter((dot) => known.has(dot.id)).map((dot) => spacing.heightOf(dot.id)),
    );
    height += tallest + (at === rows.length - 1 ? 0 : spacing.between);
  });
  const steps = ids.map((id) => {
    const dot = dots.get(id);
    const at = dot?.layer ?? 0;
    const x = Math.round((dot?.x ?? 0) - spacing.width / 2 - left);
    return { id, x, y: tops[at] ?? 0, layer: at };
  });
  const bends = new Map(
    [...lanes].map(([number, passed]) => [
      number,
      passed.map((dot) => ({ x: Math.round(dot.x - left), y: tops[dot.layer] ?? 0 })),
    ]),
  );
  return { steps, bends, width: Math.round(right - left), height };
}

/** Room between the bend of a line and the layer below it, pixels. */
export const BEND_ABOVE_PX = 20;
const CORNER_PX = 8;

/** The line of an edge: down, across above the next layer, down again, with round corners. */
export function linePath(
  from: { x: number; y: number },
  to: { x: number; y: number },
  bends: Bend[],
): string {
  const stops = [...bends, to];
  let path = `M${from.x},${from.y}`;
  let x = from.x;
  for (const stop of stops) {
    const across = stop.y - BEND_ABOVE_PX;
    const way = stop.x - x;
    if (Math.abs(way) < 1) {
      path += ` V${across + CORNER_PX}`;
    } else {
      const corner = Math.min(CORNER_PX, Math.abs(way) / 2);
      const side = Math.sign(way) * corner;
      path += ` V${across - corner} Q${x},${across} ${x + side},${across}`;
      path += ` H${stop.x - side} Q${stop.x},${across} ${stop.x},${across + corner}`;
    }
    x = stop.x;
  }
  return `${path} V${to.y}`;
}
