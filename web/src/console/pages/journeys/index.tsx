import { Switch } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useList } from "../../api/hooks";
import { useSession } from "../../api/session";
import { ratio } from "../../charts/format";
import { pick, useLang } from "../../i18n/lang";
import { type Column, DataTable } from "../../ui/data-table";
import { EmptyState } from "../../ui/empty";
import { useFormat } from "../../ui/format";
import { PageHead } from "../../ui/page-head";
import { Failed } from "../../ui/states";
import { Status } from "../../ui/status";
import { ReadyJourneys } from "./ready";
import type { JourneyRow } from "./types";
import { useSwitch } from "./use-switch";

/** The share of what was decided that was held back; null when nothing was decided. */
export function heldShare(row: Pick<JourneyRow, "sent_30d" | "held_back_30d">): number | null {
  const decided = row.sent_30d + row.held_back_30d;
  return decided === 0 ? null : row.held_back_30d / decided;
}

/** The journeys of the shop with what they did in thirty days. */
export default function Journeys() {
  const { t } = useTranslation("journeys");
  const lang = useLang();
  const format = useFormat();
  const { may } = useSession();
  const list = useList<JourneyRow>("/journeys", { topics: ["journeys", "counters"] });
  const turn = useSwitch();
  const columns: Column<JourneyRow>[] = [
    {
      id: "name",
      header: t("column.name"),
      primary: true,
      cell: (row) => pick(lang, row, "name") || row.id,
    },
    {
      id: "active",
      header: t("column.active"),
      cell: (row) =>
        may("journeys:write") ? (
          <Switch
            checked={row.active}
            onChange={(event) => turn.to(row, event.currentTarget.checked)}
            disabled={turn.pending}
            label={row.active ? t("on") : t("off")}
            aria-label={t("switch", { name: pick(lang, row, "name") })}
          />
        ) : (
          <Status tone={row.active ? "good" : "neutral"}>{row.active ? t("on") : t("off")}</Status>
        ),
    },
    {
      id: "running",
      header: t("column.running"),
      align: "right",
      cell: (row) => format.number(row.running),
    },
    {
      id: "started",
      header: t("column.started"),
      align: "right",
      cell: (row) => format.number(row.started_30d),
    },
    {
      id: "sent",
      header: t("column.sent"),
      align: "right",
      cell: (row) => format.number(row.sent_30d),
    },
    {
      id: "held_back",
      header: t("column.held_back"),
      align: "right",
      cell: (row) => {
        const share = heldShare(row);
        return (
          <span>
            {format.number(row.held_back_30d)}
            {share !== null && <span className="muted"> · {ratio(share, lang)}</span>}
          </span>
        );
      },
    },
    {
      id: "goal",
      header: t("column.goal"),
      align: "right",
      cell: (row) =>
        row.goal_30d === null || row.goal_30d === undefined ? (
          <span className="muted">{t("no_goal")}</span>
        ) : (
          format.number(row.goal_30d)
        ),
    },
  ];
  const on = list.items?.filter((one) => one.active).length ?? 0;
  return (
    <>
      <PageHead
        title={t("title")}
        sentence={
          list.items && list.items.length > 0
            ? t("sentence", { count: on, n: on, all: list.items.length })
            : t("what")
        }
      />
      {turn.error && <Failed error={turn.error} />}
      <DataTable
        columns={columns}
        list={list}
        rowKey={(row) => row.id}
        rowTo={(row) => `/journeys/${encodeURIComponent(row.id)}`}
        label={t("title")}
        empty={<EmptyState title={t("empty.title")}>{t("empty.text")}</EmptyState>}
      />
      <p className="muted" style={{ marginTop: 12 }}>
        {t("thirty_days")}
      </p>
      <ReadyJourneys />
    </>
  );
}
