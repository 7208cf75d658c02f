import { Button } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import { useGet } from "../../api/hooks";
import { LineChart } from "../../charts/line-chart";
import type { LineChartData } from "../../charts/line-option";
import { Figure } from "../../ui/figure";
import { useFormat } from "../../ui/format";
import { Section } from "../../ui/section";
import { Await } from "../../ui/states";
import css from "./couriers.module.css";
import type { Contacts } from "./types";

/** How often buyers ask where their order is, and how often they look for themselves. */
export default function ContactsSection({ days }: { days: { from?: string; to?: string } }) {
  const { t } = useTranslation("couriers");
  const query = useGet<Contacts>("/couriers/contacts", { query: days, topics: ["counters"] });
  return (
    <Section
      title={t("contacts.title")}
      aside={
        <Button
          variant="subtle"
          size="xs"
          leftSection={<IconDownload size={16} aria-hidden />}
          onClick={() => void api.download("/couriers/contacts.csv", days, "contacts.csv")}
        >
          {t("csv")}
        </Button>
      }
    >
      <p className="muted">{t("contacts.sentence")}</p>
      <Await query={query}>{(data) => <Shown data={data} />}</Await>
    </Section>
  );
}

function Shown({ data }: { data: Contacts }) {
  const { t } = useTranslation("couriers");
  const format = useFormat();
  const { all } = data;
  const chart = useMemo<LineChartData>(
    () => ({
      unit: "ratio",
      series: [
        {
          name: t("contacts.series_rate"),
          points: data.days.map((day) => ({
            day: day.day,
            value: day.contacts_per_order ?? null,
            n: day.orders,
          })),
        },
      ],
    }),
    [data, t],
  );
  const views = useMemo<LineChartData>(
    () => ({
      unit: "count",
      series: [
        {
          name: t("contacts.visits"),
          points: data.days.map((day) => ({ day: day.day, value: day.views, n: day.views })),
        },
      ],
    }),
    [data, t],
  );
  return (
    <>
      <div className={css.figures}>
        <Figure
          label={t("contacts.rate")}
          value={
            all.contacts_per_order == null
              ? t("too_few")
              : format.number(all.contacts_per_order * 100, 1)
          }
          note={t("sample", { n: format.number(all.orders) })}
          why={t("contacts.rate_why")}
        />
        <Figure
          label={t("contacts.views")}
          value={all.views_per_order == null ? t("too_few") : format.number(all.views_per_order, 1)}
          note={t("sample", { n: format.number(all.orders) })}
        />
        <Figure label={t("contacts.problems")} value={format.number(all.problems)} />
        <Figure label={t("contacts.replies")} value={format.number(all.replies)} />
      </div>
      {data.days.some((day) => day.contacts_per_order != null) && (
        <LineChart
          data={chart}
          title={t("contacts.rate")}
          caption={t("contacts.caption", {
            n: format.number(all.orders),
            min: format.number(data.orders_min),
          })}
          file="contacts"
        />
      )}
      {all.views > 0 && (
        <LineChart
          data={views}
          title={t("contacts.visits")}
          caption={t("contacts.visits_caption", { n: format.number(all.views) })}
          file="views"
        />
      )}
    </>
  );
}
