import { Button, Tabs } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { csv, download } from "../../charts/csv";
import { figure, ratio } from "../../charts/format";
import { pick, useLang } from "../../i18n/lang";
import { type Column, DataTable } from "../../ui/data-table";
import { EmptyState } from "../../ui/empty";
import { useFormat } from "../../ui/format";
import { useQueryState } from "../../ui/query-state";
import { SLICES } from "./period";
import css from "./today.module.css";
import { BREAKDOWNS, type Breakdown, type Slice, type Today } from "./types";

/** The parameter that narrows the page to a row of a table. */
const PARAMETER = {
  channels: "channel",
  journeys: "journey",
  regions: "region",
  provinces: "province",
} as const;

/** The figures by channel, journey, region and province. */
export default function Breakdowns({ breakdown }: { breakdown: Today["breakdown"] }) {
  const { t } = useTranslation("today");
  const lang = useLang();
  const format = useFormat();
  const [, setQuery] = useQueryState();
  const [tab, setTab] = useState<Breakdown>("journeys");
  const rows = breakdown[tab];
  const share = (value: number | null) =>
    value === null ? <span className="muted">{t("unknown")}</span> : ratio(value, lang);
  const columns: Column<Slice>[] = [
    {
      id: "name",
      header: t(`breakdown.${tab}`),
      primary: true,
      cell: (row) => pick(lang, row, "name") || row.id,
    },
    {
      id: "sent",
      header: t("breakdown.sent"),
      align: "right",
      cell: (row) => format.number(row.sent),
    },
    {
      id: "opened",
      header: t("breakdown.opened"),
      align: "right",
      cell: (row) => share(row.opened_ratio),
    },
    {
      id: "clicked",
      header: t("breakdown.clicked"),
      align: "right",
      cell: (row) => share(row.clicked_ratio),
    },
    {
      id: "crosssell",
      header: t("breakdown.crosssell"),
      align: "right",
      cell: (row) => share(row.crosssell_ratio),
    },
    {
      id: "first",
      header: t("breakdown.first"),
      align: "right",
      cell: (row) =>
        row.first_contact_seconds === null ? (
          <span className="muted">{t("unknown")}</span>
        ) : (
          figure(row.first_contact_seconds, "seconds", lang)
        ),
    },
    {
      id: "orders",
      header: t("breakdown.orders"),
      align: "right",
      cell: (row) => format.number(row.orders),
    },
  ];
  const save = () =>
    download(
      `${tab}.csv`,
      csv(
        columns.map((column) => column.header),
        rows.map((row) => [
          pick(lang, row, "name") || row.id,
          row.sent,
          row.opened_ratio,
          row.clicked_ratio,
          row.crosssell_ratio,
          row.first_contact_seconds,
          row.orders,
        ]),
        lang,
      ),
    );
  return (
    <section aria-label={t("breakdown.title")}>
      <div className={css.breakdownHead}>
        <h2>{t("breakdown.title")}</h2>
        <Button
          variant="subtle"
          size="xs"
          leftSection={<IconDownload size={16} aria-hidden />}
          onClick={save}
          disabled={rows.length === 0}
        >
          {t("chart.csv")}
        </Button>
      </div>
      <Tabs value={tab} onChange={(next) => setTab((next ?? "journeys") as Breakdown)}>
        <Tabs.List mb="md">
          {BREAKDOWNS.map((one) => (
            <Tabs.Tab key={one} value={one}>
              {t(`breakdown.tab_${one}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value={tab}>
          <DataTable
            columns={columns}
            list={{ items: rows }}
            rowKey={(row) => row.id}
            onRow={(row) =>
              setQuery({
                ...Object.fromEntries(SLICES.map((one) => [one, null])),
                [PARAMETER[tab]]: row.id,
              })
            }
            label={t(`breakdown.tab_${tab}`)}
            empty={<EmptyState title={t("breakdown.empty")} />}
          />
        </Tabs.Panel>
      </Tabs>
    </section>
  );
}
