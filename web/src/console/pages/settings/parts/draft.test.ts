import { expect, test } from "vitest";
import { at, mergePatch, put } from "./draft";
import { clock, minutes } from "./hours";

test("a merge patch says only what differs", () => {
  const from = { name: "A", seller: { phone: "1", email: "x" }, list: ["a"], gone: "y" };
  expect(mergePatch(from, from)).toBeUndefined();
  expect(
    mergePatch(from, { name: "A", seller: { phone: "2", email: "x" }, list: ["a", "b"] }),
  ).toEqual({ seller: { phone: "2" }, list: ["a", "b"], gone: null });
});

test("an absent field set to nothing is no change", () => {
  expect(mergePatch({ a: 1 }, { a: 1, b: null })).toBeUndefined();
});

test("a place inside is read and changed without touching the rest", () => {
  const value = { a: { b: 1, c: 2 } };
  expect(put(value, "a.b", 3)).toEqual({ a: { b: 3, c: 2 } });
  expect(value.a.b).toBe(1);
  expect(at(value, "a.c")).toBe(2);
  expect(at(value, "x.y")).toBeUndefined();
});

test.each(["9:00-20:00", "8:30-24:00", "0:00-24:00"])(
  "the window %s comes back as it was",
  (window) => {
    const [from, to] = minutes(window);
    expect(`${clock(from)}-${clock(to)}`).toBe(window);
  },
);
