import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { LineChart } from "../../charts/line-chart";
import type { LineChartData } from "../../charts/line-option";
import { useFormat } from "../../ui/format";
import type { Performance } from "./types";

/** The share of deliveries on time, day by day. */
export default function OverTime({ data }: { data: Performance }) {
  const { t } = useTranslation("couriers");
  const format = useFormat();
  const chart = useMemo<LineChartData>(
    () => ({
      unit: "ratio",
      series: [
        {
          name: t("on_time"),
          points: data.days.map((day) => ({
            day: day.day,
            value: day.on_time.value ?? null,
            n: day.on_time.sample,
          })),
        },
      ],
    }),
    [data, t],
  );
  return (
    <LineChart
      data={chart}
      title={t("charts.over_time")}
      caption={t("caption", { n: format.number(data.all.on_time.sample) })}
      file="couriers-on-time"
    />
  );
}
