import { expect, test } from "vitest";
import { type Edge, forward, layout, type Spacing } from "./layout";

const SPACING: Spacing = { width: 200, gap: 40, layerHeight: 140 };

const edges = (...pairs: [string, string][]): Edge[] => pairs.map(([from, to]) => ({ from, to }));

test("a straight journey stands in one column", () => {
  const placed = layout(["a", "b", "c"], edges(["a", "b"], ["b", "c"]), SPACING);
  expect(placed).toEqual([
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
  expect(placed.map(({ id, x, layer }) => [id, x, layer])).toEqual([
    ["if", 120, 0],
    ["yes", 0, 1],
    ["no", 240, 1],
    ["end", 120, 2],
  ]);
});

test("a shortcut leaves a lane free beside the steps it passes", () => {
  const placed = layout(["a", "b", "c"], edges(["a", "b"], ["b", "c"], ["a", "c"]), SPACING);
  const b = placed.find((one) => one.id === "b");
  const a = placed.find((one) => one.id === "a");
  expect(a?.layer).toBe(0);
  expect(b?.x).not.toBe(a?.x);
});

test("a loop does not push its start down", () => {
  const ways = edges(["a", "b"], ["b", "c"], ["c", "a"]);
  expect(forward(["a", "b", "c"], ways)).toEqual(edges(["a", "b"], ["b", "c"]));
  expect(layout(["a", "b", "c"], ways, SPACING).map((one) => one.layer)).toEqual([0, 1, 2]);
});

test("no two steps of a layer overlap in a wide journey", () => {
  const ids = ["root", ...Array.from({ length: 40 }, (_, at) => `n${at}`), "end"];
  const ways: Edge[] = [];
  for (let at = 0; at < 40; at += 1) {
    ways.push({ from: at < 8 ? "root" : `n${at - 8}`, to: `n${at}` });
    ways.push({ from: `n${at}`, to: at % 3 === 0 && at + 9 < 40 ? `n${at + 9}` : "end" });
  }
  const placed = layout(ids, ways, SPACING);
  for (const one of placed) {
    for (const other of placed) {
      if (one.id !== other.id && one.layer === other.layer) {
        expect(Math.abs(one.x - other.x)).toBeGreaterThanOrEqual(SPACING.width);
      }
    }
  }
});

test("a journey without steps has no places", () => {
  expect(layout([], [], SPACING)).toEqual([]);
});

test("edges to unknown steps are left out", () => {
  expect(layout(["a"], edges(["a", "gone"]), SPACING)).toHaveLength(1);
});
