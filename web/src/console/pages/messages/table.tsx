import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { List } from "../../api/hooks";
import { pick, useLang } from "../../i18n/lang";
import { type Column, DataTable } from "../../ui/data-table";
import { Time } from "../../ui/format";
import type { MessageRow } from "./types";
import { MessageStatusBadge, recipient, useJourneyNames, WhyLine } from "./words";

/** The moment that tells most about a message: when it left, else when it is due, else when it was decided. */
function when(row: MessageRow): string {
  return row.sent_at ?? (row.status === "queued" && row.due_at ? row.due_at : row.decided_at);
}

/** Messages as a table; `about` leaves out what the page is about anyway. */
export function MessagesTable({
  list,
  about,
  label,
  empty,
}: {
  list: List<MessageRow>;
  about?: "customer" | "order";
  label: string;
  empty: ReactNode;
}) {
  const { t } = useTranslation("messages");
  const lang = useLang();
  const journeyName = useJourneyNames();
  const columns: Column<MessageRow>[] = [
    {
      id: "who",
      header: about ? t("column.what") : t("column.customer"),
      primary: true,
      cell: (row) =>
        about
          ? journeyName(row.journey) || pick(lang, row, "template")
          : (recipient(row) ?? t("nobody")),
    },
    {
      id: "what",
      header: about ? t("column.template") : t("column.what"),
      cell: (row) => (
        <div>
          {!about && <div>{journeyName(row.journey)}</div>}
          <div className="muted">{pick(lang, row, "template") || row.step}</div>
        </div>
      ),
    },
    { id: "channel", header: t("column.channel"), cell: (row) => t(`channel.${row.channel}`) },
    {
      id: "status",
      header: t("column.status"),
      cell: (row) => <MessageStatusBadge status={row.status} />,
    },
    { id: "why", header: t("column.why"), cell: (row) => <WhyLine why={row.why} /> },
    {
      id: "when",
      header: t("column.when"),
      align: "right",
      cell: (row) => <Time at={when(row)} />,
    },
  ];
  return (
    <DataTable
      columns={columns}
      list={list}
      rowKey={(row) => row.id}
      rowTo={(row) => `/messages/${row.id}`}
      label={label}
      empty={empty}
    />
  );
}
