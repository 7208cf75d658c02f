import { expect, test } from "vitest";
import { losses } from "./bars";
import { csv } from "./csv";
import { axisFigure, axisStep, change, count, day, figure, ratio, span } from "./format";
import { daysCsv } from "./line-chart";
import { lineOption } from "./line-option";
import { PALETTE } from "./palette";

/** Intl's narrow and usual no-break spaces as plain ones. */
const plain = (text: string) => text.replace(/[\u00a0\u202f]/g, " ");

test("figures are written as each language writes them", () => {
  expect([count(1234, "it"), count(1234567, "en")]).toEqual(["1.234", "1,234,567"]);
  expect([ratio(0.452, "it"), ratio(0.452, "en"), ratio(0.96, "it")].map(plain)).toEqual([
    "45,2 %",
    "45.2%",
    "96 %",
  ]);
  const cents = [
    figure(5200, "cents", "it"),
    figure(123456, "cents", "it"),
    figure(5200, "cents", "en"),
  ];
  expect(cents.map(plain)).toEqual(["52,00 €", "1.234,56 €", "€52.00"]);
});

test("spans of time show their two largest parts", () => {
  const spans = [0, 12, 90, 3599, 3600, 12_000, 86_400, 172_800, 190_000, 600_000];
  expect(spans.map((seconds) => plain(span(seconds, "it")))).toEqual([
    "0 s",
    "12 s",
    "2 min",
    "1 h",
    "1 h",
    "3 h 20 min",
    "24 h",
    "2 g",
    "2 g 5 h",
    "6 g 23 h",
  ]);
  expect(plain(span(190_000, "en"))).toBe("2 d 5 h");
});

test("a change is in points for shares and relative for the rest", () => {
  expect(plain(change(0.5, 0.45, "ratio", "it") ?? "")).toBe("+5 pt");
  expect(plain(change(90, 100, "count", "it") ?? "")).toBe("−10 %");
  expect(plain(change(110, 100, "seconds", "en") ?? "")).toBe("+10%");
  expect(change(5, 0, "count", "it")).toBeNull();
});

test("days are read as that day in every zone", () => {
  expect(day("2026-11-22", "it")).toBe("22 nov");
  expect(day("2026-11-27", "it", "long")).toBe("venerdì 27 novembre 2026");
  expect(day("2026-11-27", "en", "long")).toBe("Friday, 27 November 2026");
});

test("axis marks are short and whole", () => {
  expect(plain(axisFigure(0.4, "ratio", "it"))).toBe("40 %");
  expect(plain(axisFigure(520_000, "cents", "it"))).toBe("5.200 €");
  const steps = [4, 200, 4 * 3600, 3 * 86_400, 20 * 86_400].map((top) => axisStep(top, "seconds"));
  expect(steps).toEqual([1, 60, 3600, 86_400, 4 * 86_400]);
  expect([0.5, 0.97, 0.03].map((top) => axisStep(top, "ratio"))).toEqual([0.1, 0.2, 0.01]);
  expect([3, 40, 1886].map((top) => axisStep(top, "count"))).toEqual([1, 10, 500]);
  expect(plain(figure(86_400, "seconds", "en"))).toBe("24 h");
});

test("a CSV carries no formula and opens in both languages", () => {
  const rows = [["=SUM(A1)", 1.5, null]];
  expect(csv(["a;b", "c", "d"], rows, "it")).toBe(`\ufeff"a;b";c;d\r\n'=SUM(A1);1,5;\r\n`);
  expect(csv(["a", 'say "c"', "d"], rows, "en")).toBe(
    `\ufeffa,"say ""c""",d\r\n'=SUM(A1),1.5,\r\n`,
  );
});

const DATA = {
  unit: "ratio" as const,
  target: { value: 0.45, word: "obiettivo 45 %" },
  series: [
    {
      name: "Aperture",
      points: [
        { day: "2026-11-20", value: 0.5, n: 10, low: 0.3, high: 0.7 },
        { day: "2026-11-21", value: null, n: 0 },
        { day: "2026-11-22", value: 0.4, n: 5, low: 0.2, high: 0.6 },
      ],
    },
  ],
};

test("the table of a chart leaves unknown days empty", () => {
  expect(daysCsv(DATA, "en", { day: "day", cases: "cases" })).toBe(
    "\ufeffday,Aperture (ratio),cases\r\n2026-11-20,0.5,10\r\n2026-11-21,,0\r\n2026-11-22,0.4,5\r\n",
  );
});

test("a line begins at zero, leaves gaps, and shows target, band and end label", () => {
  const words = { unknown: "sconosciuto", cases: (n: number) => `${n} casi` };
  const option = lineOption(DATA, "it", PALETTE.light, words) as {
    yAxis: { min: number; max: number };
    series: { data: unknown[]; markLine?: unknown; endLabel?: { show: boolean } }[];
    tooltip: { formatter: (shown: unknown) => string };
  };
  expect(option.yAxis.min).toBe(0);
  expect(option.yAxis.max).toBeCloseTo(0.8);
  expect(option.series.map((one) => one.data)).toEqual([
    [0.3, null, 0.2],
    [0.39999999999999997, null, 0.39999999999999997],
    [0.5, null, 0.4],
  ]);
  expect(option.series[2]?.endLabel?.show).toBe(true);
  expect(option.series[2]?.markLine).toBeDefined();
  expect(option.tooltip.formatter([{ dataIndex: 1 }])).toBe(
    "sabato 21 novembre 2026\nsconosciuto · 0 casi",
  );
});

test("a funnel says what is lost between its stages", () => {
  const stages = [100, 60, 60, 0].map((n, at) => ({ id: String(at), label: "", n }));
  expect(losses(stages)).toEqual([
    { n: 40, share: 0.4 },
    { n: 0, share: 0 },
    { n: 60, share: 1 },
  ]);
  expect(
    losses([
      { id: "a", label: "", n: 0 },
      { id: "b", label: "", n: 0 },
    ]),
  ).toEqual([{ n: 0, share: null }]);
});
