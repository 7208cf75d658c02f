import { expect, test } from "vitest";
import { eventReader, topicsOf } from "./live";

function read(...pieces: string[]): [string, string][] {
  const events: [string, string][] = [];
  const feed = eventReader((event, data) => events.push([event, data]));
  for (const piece of pieces) {
    feed(piece);
  }
  return events;
}

test("an event is read however it is cut", () => {
  const whole = 'event: changed\ndata: {"topics":["orders"]}\n\n';
  const expected = [["changed", '{"topics":["orders"]}']];
  expect(read(whole)).toEqual(expected);
  for (let cut = 1; cut < whole.length; cut += 1) {
    expect(read(whole.slice(0, cut), whole.slice(cut))).toEqual(expected);
  }
});

test("pings are no events", () => {
  expect(read(": ping\n\n", ": ping\n\nevent: changed\ndata: x\n\n")).toEqual([["changed", "x"]]);
});

test("lines of data are one text", () => {
  expect(read("data: a\r\ndata: b\r\n\r\n")).toEqual([["message", "a\nb"]]);
});

test("what cannot be read is about nothing", () => {
  expect(topicsOf('{"topics":["orders","tasks"]}')).toEqual(["orders", "tasks"]);
  expect(topicsOf("{")).toEqual([]);
  expect(topicsOf("{}")).toEqual([]);
});
