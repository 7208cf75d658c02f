import { expect, test } from "vitest";
import { type Edge, forward, layout, linePath, type Spacing } from "./layout";

const SPACING: Spacing = { width: 200, gap: 40, between: 80, heightOf: () => 60 };

const edges = (...pairs: [string, string][]): Edge[] => pairs.map(([from, to]) => ({ from, to }));

test("a straight journey stands in one column", () => {
  const placed = layout(["a", "b", "c"], edges(["a", "b"], ["b", "c"]), SPACING);
  expect([placed.width, placed.height]).toEqual([200, 340]);
  expect(placed.steps).toEqual([
    { id: "a", x: 0, y: 0, layer: 0 },
    { id: "b", x: 0, y: 140, layer: 1 },
    { id: "c", x: 0, y: 280, layer: 2 },
  ]);
});

test("a choice puts its branches side by side under its middle, and they join again", () => {
  const placed = layout(
    ["if", "yes", "no", "end"],
    edges(["if", "yes"], ["if", "no"], ["yes", "end"], ["no", "end"]),
    SPACING,
  );
  expect(placed.steps.map(({ id, x, layer }) => [id, x, layer])).toEqual([
    ["if", 120, 0],
    ["yes", 0, 1],
    ["no", 240, 1],
    ["end", 120, 2],
  ]);
});

test("a shortcut leaves a lane free beside the steps it passes", () => {
  const placed = layout(["a", "b", "c"], edges(["a", "b"], ["b", "c"], ["a", "c"]), SPACING);
  const b = placed.steps.find((one) => one.id === "b");
  const [bend] = placed.bends.get(2) ?? [];
  expect(bend?.y).toBe(140);
  const beside = (bend?.x ?? 0) < (b?.x ?? 0) || (bend?.x ?? 0) > (b?.x ?? 0) + SPACING.width;
  expect(beside).toBe(true);
});

test("a loop does not push its start down", () => {
  const ways = edges(["a", "b"], ["b", "c"], ["c", "a"]);
  expect(forward(["a", "b", "c"], ways)).toEqual(edges(["a", "b"], ["b", "c"]));
  expect(layout(["a", "b", "c"], ways, SPACING).steps.map((one) => one.layer)).toEqual([0, 1, 2]);
});

test("no two steps of a layer overlap in a wide journey", () => {
  const ids = ["root", ...Array.from({ length: 40 }, (_, at) => `n${at}`), "end"];
  const ways: Edge[] = [];
  for (let at = 0; at < 40; at += 1) {
    ways.push({ from: at < 8 ? "root" : `n${at - 8}`, to: `n${at}` });
    ways.push({ from: `n${at}`, to: at % 3 === 0 && at + 9 < 40 ? `n${at + 9}` : "end" });
  }
  const { steps } = layout(ids, ways, SPACING);
  for (const one of steps) {
    for (const other of steps) {
      if (one.id !== other.id && one.layer === other.layer) {
        expect(Math.abs(one.x - other.x)).toBeGreaterThanOrEqual(SPACING.width);
      }
    }
  }
});

test("a journey without steps has no places", () => {
  expect(layout([], [], SPACING).steps).toEqual([]);
});

test("edges to unknown steps are left out", () => {
  expect(layout(["a"], edges(["a", "gone"]), SPACING).steps).toHaveLength(1);
});

test("a line goes down, across above the next layer, and down again", () => {
  expect(linePath({ x: 100, y: 60 }, { x: 100, y: 140 }, [])).toBe("M100,60 V128 V140");
  expect(linePath({ x: 100, y: 60 }, { x: 300, y: 140 }, [])).toBe(
    "M100,60 V112 Q100,120 108,120 H292 Q300,120 300,128 V140",
  );
});

test("a layer is as high as its tallest step", () => {
  const heightOf = (id: string) => (id === "tall" ? 160 : 60);
  const ways = edges(["a", "b"], ["a", "tall"], ["b", "c"], ["tall", "c"]);
  const { steps } = layout(["a", "b", "tall", "c"], ways, { ...SPACING, heightOf });
  expect(steps.map((one) => one.y)).toEqual([0, 140, 140, 380]);
});
