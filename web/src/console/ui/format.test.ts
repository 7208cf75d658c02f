import { expect, test } from "vitest";
import { formats } from "./format";

const it = formats("it");
const en = formats("en");
const plain = (text: string) => text.replaceAll(/\s/g, " ");

test("amounts and numbers are written as in Italy", () => {
  expect(plain(it.money({ cents: 5200, currency: "EUR" }))).toBe("52,00 €");
  expect(plain(it.money({ cents: 123456700, currency: "EUR" }))).toBe("1.234.567,00 €");
  expect(it.number(1234)).toBe("1.234");
  expect(plain(it.percent(0.456))).toMatch(/^45,6 ?%$/);
  expect(en.money({ cents: 5200, currency: "EUR" })).toBe("€52.00");
});

test("hours are the shop's, across the change of clocks", () => {
  expect(it.time("2026-07-01T10:00:00Z")).toBe("12:00");
  expect(it.time("2026-12-01T10:00:00Z")).toBe("11:00");
});

test("a day stays the day it is in every zone", () => {
  expect(it.day("2026-11-27")).toBe("27 nov 2026");
  expect(formats("it", "Pacific/Kiritimati").day("2026-11-27")).toBe("28 nov 2026");
  expect(formats("it", "America/Los_Angeles").day("2026-11-27")).toBe("27 nov 2026");
});

test.each([
  ["2026-11-22T11:59:40Z", "ora"],
  ["2026-11-22T11:55:00Z", "5 minuti fa"],
  ["2026-11-22T09:00:00Z", "3 ore fa"],
  ["2026-11-21T09:00:00Z", "ieri"],
  ["2026-11-10T09:00:00Z", "10 nov 2026"],
])("%s is %s at noon of the 22nd", (at, words) => {
  expect(it.relative(at, new Date("2026-11-22T12:00:00Z"))).toBe(words);
});

test.each([
  [12, "12 s"],
  [600, "10 min"],
  [7_500, "2 h 5 min"],
  [86_400, "24 h"],
  [187_200, "2 g 4 h"],
])("%d seconds are %s", (seconds, words) => {
  expect(it.span(seconds)).toBe(words);
});

test("sizes are told in the unit one would say", () => {
  expect(plain(it.bytes(950))).toBe("950 B");
  expect(plain(it.bytes(48_211_234))).toBe("48,2 MB");
});
