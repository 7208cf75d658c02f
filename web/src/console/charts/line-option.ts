/** What ECharts is told for a line over days: pure, so that it can be tested without drawing. */

import type { EChartsCoreOption } from "echarts/core";
import type { Lang } from "../i18n/lang";
import { axisFigure, axisStep, day, figure, type Unit } from "./format";
import type { Palette } from "./palette";

/** One day of a line; `null` is unknown and leaves a gap. */
export interface Point {
  day: string;
  value: number | null;
  /** Cases behind the value. */
  n: number;
  /** The interval around the value, when there is one. */
  low?: number | null;
  high?: number | null;
}

export interface Series {
  name: string;
  points: Point[];
}

export interface LineChartData {
  series: Series[];
  unit: Unit;
  /** A thin line with its word. */
  target?: { value: number; word: string } | null;
}

/** Days drawn with a dot each; more of them and only lone days get one. */
const DOTS_MAX = 14;

/** Nearer than this share of the height two words meet. */
const MEET_SHARE = 0.08;
const APART_PX = 9;

function highest(data: LineChartData): number {
  const values = data.series.flatMap((one) => one.points.map((p) => p.high ?? p.value ?? 0));
  return Math.max(0, data.target?.value ?? 0, ...values);
}

/** A point with nothing known beside it would be invisible as a line. */
function alone(points: Point[], index: number): boolean {
  return points[index - 1]?.value == null && points[index + 1]?.value == null;
}

export function lineOption(
  data: LineChartData,
  lang: Lang,
  palette: Palette,
  words: { unknown: string; cases: (n: number) => string },
): EChartsCoreOption {
  const days = data.series[0]?.points.map((point) => point.day) ?? [];
  const top = highest(data);
  const step = axisStep(top, data.unit);
  const several = data.series.length > 1;
  // The word of the target and the last value stand at the same end: apart when they would meet.
  const last = data.series[0]?.points.findLast((point) => point.value !== null)?.value;
  const meets =
    data.target && last != null && Math.abs(last - data.target.value) / (top || 1) < MEET_SHARE;
  const apart = meets ? (last > (data.target?.value ?? 0) ? APART_PX : -APART_PX) : 0;
  const text = { color: palette.muted, fontFamily: "inherit", fontSize: 12 };
  const bands = data.series.flatMap((one, at) =>
    one.points.some((p) => p.low != null && p.high != null)
      ? (["low", "high"] as const).map((edge) => ({
          type: "line",
          stack: `band${at}`,
          silent: true,
          symbol: "none",
          lineStyle: { opacity: 0 },
          ...(edge === "high"
            ? { areaStyle: { color: palette.series[at % 3], opacity: 0.15 } }
            : {}),
          tooltip: { show: false },
          data: one.points.map((p) =>
            p.low == null || p.high == null ? null : edge === "low" ? p.low : p.high - p.low,
          ),
        }))
      : [],
  );
  const lines = data.series.map((one, at) => {
    const color = palette.series[at % 3];
    return {
      name: one.name,
      type: "line",
      connectNulls: false,
      symbol: "circle",
      showSymbol: true,
      symbolSize: (_: unknown, { dataIndex }: { dataIndex: number }) =>
        one.points.length <= DOTS_MAX || alone(one.points, dataIndex) ? 6 : 0,
      lineStyle: { color, width: 2 },
      itemStyle: { color },
      emphasis: { disabled: true },
      data: one.points.map((point) => point.value),
      endLabel: {
        show: true,
        color,
        fontFamily: "inherit",
        fontSize: 12,
        fontWeight: 600,
        distance: 8,
        offset: [0, at === 0 ? -apart : 0],
        formatter: ({ value }: { value: unknown }) =>
          typeof value === "number" ? (several ? one.name : figure(value, data.unit, lang)) : "",
      },
      ...(at === 0 && data.target
        ? {
            markLine: {
              silent: true,
              symbol: "none",
              lineStyle: { color: palette.target, width: 1, type: "solid" },
              label: {
                position: "end",
                distance: 8,
                offset: [0, apart],
                color: palette.target,
                fontFamily: "inherit",
                fontSize: 12,
                formatter: data.target.word,
              },
              data: [{ yAxis: data.target.value }],
            },
          }
        : {}),
    };
  });
  return {
    animation: false,
    textStyle: { fontFamily: "inherit" },
    grid: {
      left: 8,
      right: several || data.target ? 112 : 76,
      top: 16,
      bottom: 4,
      containLabel: true,
    },
    xAxis: {
      type: "category",
      boundaryGap: days.length === 1,
      data: days,
      axisTick: { show: false },
      axisLine: { lineStyle: { color: palette.line } },
      axisLabel: {
        ...text,
        hideOverlap: true,
        formatter: (value: string) => day(value, lang),
      },
    },
    yAxis: {
      type: "value",
      min: 0,
      max: step * Math.ceil(top / step) || step,
      interval: step,
      splitLine: { lineStyle: { color: palette.line } },
      axisLabel: {
        ...text,
        formatter: (value: number) => axisFigure(value, data.unit, lang),
      },
    },
    tooltip: {
      trigger: "axis",
      // Drawn into the picture: a tooltip of HTML would need inline styles, which the page forbids.
      renderMode: "richText",
      confine: true,
      backgroundColor: palette.ground,
      borderColor: palette.line,
      textStyle: { color: palette.ink, fontFamily: "inherit", fontSize: 12 },
      axisPointer: { lineStyle: { color: palette.muted, type: "solid", width: 1 } },
      formatter: (shown: unknown) => {
        const at = (Array.isArray(shown) ? shown[0] : shown) as { dataIndex?: number } | undefined;
        const index = at?.dataIndex ?? 0;
        const rows = data.series.map((one) => {
          const point = one.points[index];
          const value = point?.value == null ? words.unknown : figure(point.value, data.unit, lang);
          return `${several ? `${one.name}: ` : ""}${value} · ${words.cases(point?.n ?? 0)}`;
        });
        return [day(days[index] ?? "", lang, "long"), ...rows].join("\n");
      },
    },
    series: [...bands, ...lines],
  };
}
