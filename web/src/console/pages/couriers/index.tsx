import { Button, NativeSelect, SegmentedControl } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import { present } from "../../api/clock";
import { useGet } from "../../api/hooks";
import { Bars } from "../../charts/bars";
import { ratio } from "../../charts/format";
import { useLang } from "../../i18n/lang";
import { type Column, DataTable } from "../../ui/data-table";
import { EmptyState } from "../../ui/empty";
import { Figure } from "../../ui/figure";
import { useFormat } from "../../ui/format";
import { PageHead } from "../../ui/page-head";
import { useQueryState } from "../../ui/query-state";
import { Filters, Section } from "../../ui/section";
import { Await } from "../../ui/states";
import { PROVINCES } from "../customers/places";
import css from "./couriers.module.css";
import {
  BANDS,
  CUTS,
  daysBack,
  type Measured,
  PERIODS,
  type Performance,
  type PerformanceRow,
} from "./types";

// The chart comes after the table.
const OverTime = lazy(() => import("./over-time"));
const Contacts = lazy(() => import("./contacts"));

/** How couriers deliver, and how often buyers have to ask where their order is. */
export default function Couriers() {
  const { t } = useTranslation("couriers");
  const [query] = useQueryState();
  const period = PERIODS.find((one) => one === query.period) ?? "30";
  const days = period === "30" ? {} : daysBack(Number(period), present());
  const asked = {
    ...days,
    by: query.by ?? "courier",
    courier: query.courier,
    province: query.province,
    weight: query.weight,
  };
  const performance = useGet<Performance>("/couriers/performance", {
    query: asked,
    topics: ["counters"],
  });
  const least = performance.data?.sample_min ?? 20;
  return (
    <>
      <PageHead
        title={t("title")}
        sentence={t("sentence", { n: least })}
        actions={
          <Button
            leftSection={<IconDownload size={16} aria-hidden />}
            onClick={() => void api.download("/couriers/performance.csv", asked, "couriers.csv")}
          >
            {t("csv")}
          </Button>
        }
      />
      <Choices couriers={performance.data?.couriers ?? []} period={period} />
      <Await query={performance}>{(data) => <Shown data={data} />}</Await>
      <Suspense fallback={null}>
        <Contacts days={days} />
      </Suspense>
    </>
  );
}

function Choices({ couriers, period }: { couriers: Performance["couriers"]; period: string }) {
  const { t } = useTranslation("couriers");
  const [query, setQuery] = useQueryState();
  return (
    <Filters label={t("filters")}>
      <SegmentedControl
        aria-label={t("period.label")}
        data={PERIODS.map((value) => ({ value, label: t(`period.${value}`) }))}
        value={period}
        onChange={(next) => setQuery({ period: next })}
      />
      <NativeSelect
        aria-label={t("by.label")}
        data={CUTS.map((value) => ({ value, label: t(`by.${value}`) }))}
        value={query.by ?? "courier"}
        onChange={(event) => setQuery({ by: event.currentTarget.value })}
      />
      <NativeSelect
        aria-label={t("courier")}
        data={[
          { value: "", label: t("all_couriers") },
          ...couriers.map((one) => ({ value: one.id, label: one.name })),
        ]}
        value={query.courier ?? ""}
        onChange={(event) => setQuery({ courier: event.currentTarget.value })}
      />
      <NativeSelect
        aria-label={t("province")}
        data={[
          { value: "", label: t("all_provinces") },
          ...PROVINCES.map(([value, name]) => ({ value, label: `${name} (${value})` })),
        ]}
        value={query.province ?? ""}
        onChange={(event) => setQuery({ province: event.currentTarget.value })}
      />
      <NativeSelect
        aria-label={t("weight")}
        data={[
          { value: "", label: t("all_weights") },
          ...BANDS.map((value) => ({
            value,
            label: value === "na" ? t("na") : t("kg", { band: value }),
          })),
        ]}
        value={query.weight ?? ""}
        onChange={(event) => setQuery({ weight: event.currentTarget.value })}
      />
    </Filters>
  );
}

/** A line's name in words. */
function useName(): (row: PerformanceRow) => string {
  const { t } = useTranslation("couriers");
  return (row) => {
    const band = row.weight === "na" ? t("na") : t("kg", { band: row.weight });
    const parts = [
      row.courier_name,
      row.province === "" ? t("unknown_province") : row.province,
      row.weight == null ? null : band,
    ];
    return parts.filter(Boolean).join(" · ") || t("all_couriers");
  };
}

/** A share or a number of days with its sample; with too few cases it says so. */
export function Share({ of, days }: { of: Measured; days?: boolean }) {
  const { t } = useTranslation("couriers");
  const lang = useLang();
  const format = useFormat();
  const sample = t("sample", { n: format.number(of.sample) });
  if (of.value === null || of.value === undefined) {
    return (
      <span className="muted" title={sample}>
        {t("too_few")}
      </span>
    );
  }
  return (
    <span className={css.share}>
      {days ? t("days", { n: format.number(of.value) }) : ratio(of.value, lang)}
      <span className={css.sample}>{sample}</span>
    </span>
  );
}

function Shown({ data }: { data: Performance }) {
  const { t } = useTranslation("couriers");
  const format = useFormat();
  const lang = useLang();
  const name = useName();
  const { all, items } = data;
  const value = (of: Measured, days = false) =>
    of.value === null || of.value === undefined
      ? t("too_few")
      : days
        ? t("days", { n: format.number(of.value) })
        : ratio(of.value, lang);
  const figure = (label: string, of: Measured, why: string, days = false) => (
    <Figure
      label={t(label)}
      value={value(of, days)}
      note={t("sample", { n: format.number(of.sample) })}
      why={t(`why.${why}`)}
    />
  );
  const share = (
    id: keyof PerformanceRow & string,
    header: string,
    days = false,
  ): Column<PerformanceRow> => ({
    id,
    header: t(header),
    align: "right",
    cell: (row) => <Share of={row[id] as Measured} days={days} />,
  });
  const columns: Column<PerformanceRow>[] = [
    { id: "name", header: t("courier"), primary: true, cell: name },
    {
      id: "shipped",
      header: t("shipped"),
      align: "right",
      cell: (row) => format.number(row.shipped),
    },
    {
      id: "delivered",
      header: t("delivered"),
      align: "right",
      cell: (row) => format.number(row.delivered),
    },
    share("on_time", "on_time"),
    share("transit_median_days", "median", true),
    share("transit_p90_days", "p90", true),
    share("first_attempt", "first_attempt"),
    share("attempt_failed", "attempt_failed"),
    share("held", "held"),
    share("exceptions", "exceptions"),
  ];
  const told = items.filter((row) => row.on_time.value != null).slice(0, 8);
  const timed = items.filter((row) => row.transit_p90_days.value != null).slice(0, 8);
  return (
    <>
      <section className={css.figures} aria-label={t("table")}>
        {figure("on_time", all.on_time, "on_time")}
        {figure("median", all.transit_median_days, "transit", true)}
        {figure("p90", all.transit_p90_days, "transit", true)}
        {figure("first_attempt", all.first_attempt, "first_attempt")}
        {figure("held", all.held, "held")}
        {figure("exceptions", all.exceptions, "exceptions")}
      </section>
      <DataTable
        columns={columns}
        list={{ items }}
        rowKey={(row) => `${row.courier}|${row.province}|${row.weight}`}
        label={t("table")}
        empty={<EmptyState title={t("empty.title")}>{t("empty.text")}</EmptyState>}
      />
      {(told.length > 1 || timed.length > 1) && (
        <div className={css.charts}>
          {told.length > 1 && (
            <Section title={t("charts.on_time")}>
              <Bars
                title={t("charts.on_time")}
                whole={100}
                bars={told.map((row) => ({
                  id: name(row),
                  label: name(row),
                  n: Math.round((row.on_time.value ?? 0) * 100),
                  detail: t("sample", { n: format.number(row.on_time.sample) }),
                }))}
              />
            </Section>
          )}
          {timed.length > 1 && (
            <Section title={t("charts.p90")}>
              <Bars
                title={t("charts.p90")}
                series={3}
                bars={timed.map((row) => ({
                  id: name(row),
                  label: name(row),
                  n: row.transit_p90_days.value ?? 0,
                  detail: t("sample", { n: format.number(row.transit_p90_days.sample) }),
                }))}
              />
            </Section>
          )}
        </div>
      )}
      {data.days.some((day) => day.on_time.value != null) && (
        <Section title={t("charts.over_time")}>
          <Suspense fallback={<div className={css.room} />}>
            <OverTime data={data} />
          </Suspense>
        </Section>
      )}
    </>
  );
}
