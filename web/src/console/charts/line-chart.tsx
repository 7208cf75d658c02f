import { Button } from "@mantine/core";
import { IconChartLine, IconDownload, IconTable } from "@tabler/icons-react";
import type { EChartsType } from "echarts/core";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { type Lang, useLang } from "../i18n/lang";
import { useDark } from "../ui/dark";
import css from "./charts.module.css";
import { type Cell, csv, download } from "./csv";
import { count, day, figure } from "./format";
import { type LineChartData, lineOption } from "./line-option";
import { PALETTE } from "./palette";

interface Props {
  data: LineChartData;
  /** What the chart shows, for those who hear it. */
  title: string;
  /** Under the chart: the number of cases and what is left out. */
  caption: ReactNode;
  /** Name of the CSV without its ending. */
  file: string;
}

/** A line over days with the same data one click away as a table and as CSV. */
export function LineChart({ data, title, caption, file }: Props) {
  const { t } = useTranslation("today");
  const lang = useLang();
  const [asTable, setAsTable] = useState(false);
  const heads = { day: t("chart.day"), cases: t("chart.cases_head") };
  return (
    <figure aria-label={title}>
      {asTable ? <DaysTable data={data} title={title} /> : <Drawing data={data} title={title} />}
      <div className={css.under}>
        <figcaption className={css.caption}>{caption}</figcaption>
        <div className={css.buttons}>
          <Button
            variant="subtle"
            size="xs"
            leftSection={
              asTable ? (
                <IconChartLine size={16} aria-hidden />
              ) : (
                <IconTable size={16} aria-hidden />
              )
            }
            onClick={() => setAsTable(!asTable)}
          >
            {asTable ? t("chart.as_chart") : t("chart.as_table")}
          </Button>
          <Button
            variant="subtle"
            size="xs"
            leftSection={<IconDownload size={16} aria-hidden />}
            onClick={() => download(`${file}.csv`, daysCsv(data, lang, heads))}
          >
            {t("chart.csv")}
          </Button>
        </div>
      </div>
    </figure>
  );
}

/** The days of a chart as CSV: one column of values and one of cases a series. */
export function daysCsv(
  data: LineChartData,
  lang: Lang,
  heads: { day: string; cases: string },
): string {
  const head = [
    heads.day,
    ...data.series.flatMap((one) => [
      `${one.name} (${data.unit === "cents" ? "EUR" : data.unit})`,
      heads.cases,
    ]),
  ];
  const rows = (data.series[0]?.points ?? []).map((point, at): Cell[] => [
    point.day,
    ...data.series.flatMap((one) => {
      const value = one.points[at]?.value ?? null;
      const shown = value !== null && data.unit === "cents" ? value / 100 : value;
      return [shown, one.points[at]?.n ?? 0];
    }),
  ]);
  return csv(head, rows, lang);
}

function DaysTable({ data, title }: Pick<Props, "data" | "title">) {
  const { t } = useTranslation("today");
  const lang = useLang();
  const points = data.series[0]?.points ?? [];
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className={css.scroll} tabIndex={0} aria-label={title}>
      <table className={css.days}>
        <thead>
          <tr>
            <th scope="col">{t("chart.day")}</th>
            {data.series.map((one) => (
              <th key={one.name} scope="col">
                {one.name}
              </th>
            ))}
            <th scope="col">{t("chart.cases_head")}</th>
          </tr>
        </thead>
        <tbody>
          {points.map((point, at) => (
            <tr key={point.day}>
              <th scope="row">{day(point.day, lang, "long")}</th>
              {data.series.map((one) => {
                const value = one.points[at]?.value ?? null;
                return (
                  <td key={one.name}>
                    {value === null ? t("unknown") : figure(value, data.unit, lang)}
                  </td>
                );
              })}
              <td>{count(point.n, lang)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Drawing({ data, title }: Pick<Props, "data" | "title">) {
  const { t } = useTranslation("today");
  const lang = useLang();
  const dark = useDark();
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<EChartsType | null>(null);
  const [ready, setReady] = useState(false);

  useEffect(() => {
    const element = place.current;
    if (!element) {
      return;
    }
    let gone = false;
    const watcher = new ResizeObserver(() => chart.current?.resize());
    void import("./echarts").then(({ init }) => {
      if (!gone) {
        chart.current = init(element, null, { renderer: "svg" });
        watcher.observe(element);
        setReady(true);
      }
    });
    return () => {
      gone = true;
      watcher.disconnect();
      chart.current?.dispose();
      chart.current = null;
    };
  }, []);

  useEffect(() => {
    if (ready) {
      const words = {
        unknown: t("unknown"),
        cases: (n: number) => t("chart.cases", { count: n, n: count(n, lang) }),
      };
      chart.current?.setOption(lineOption(data, lang, PALETTE[dark ? "dark" : "light"], words), {
        notMerge: true,
      });
    }
  }, [ready, data, lang, dark, t]);

  // The table says the same; those who hear the page are told so instead of the drawing's parts.
  return (
    <div ref={place} className={css.place} role="img" aria-label={t("chart.heard", { title })} />
  );
}
