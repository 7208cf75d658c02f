import { Button, NativeSelect, SegmentedControl } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import { present } from "../../api/clock";
import { type List, useChange, useList } from "../../api/hooks";
import type { Schemas, With } from "../../api/types";
import { said, useLang } from "../../i18n/lang";
import { type Column, DataTable } from "../../ui/data-table";
import { EmptyState } from "../../ui/empty";
import { MoneyText, Time, useFormat } from "../../ui/format";
import { PageHead } from "../../ui/page-head";
import { useQueryState } from "../../ui/query-state";
import { Filters } from "../../ui/section";
import { Failed } from "../../ui/states";
import { Status } from "../../ui/status";
import { Views, viewQuery } from "../../ui/views";
import { parcelTone } from "../orders/words";
import css from "./exceptions.module.css";

type Board = With<Schemas["ExceptionsShape"], { next: string | null }>;
type Row = Schemas["ExceptionRow"];

/** Rows of one page. */
const ROWS = 100;

/** What a saved view keeps of the address. */
const KEPT = ["trouble", "sort"] as const;

/** Parcels in trouble, those first that cost most. */
export default function Exceptions() {
  const { t } = useTranslation(["exceptions", "parcels"]);
  const format = useFormat();
  const [query, setQuery] = useQueryState();
  const sort = query.sort === "deadline" ? "deadline" : "cost";
  const asked = { trouble: query.trouble, sort };
  const board = useList<Row, Board>("/exceptions", {
    query: { ...asked, limit: ROWS },
    topics: ["orders"],
  });
  const file = useChange(() => api.download("/exceptions.csv", asked, "exceptions.csv"));
  const data = board.first;
  const all = data?.counts.reduce((sum, one) => sum + one.n, 0) ?? 0;
  const sentence = !data
    ? " "
    : all === 0
      ? t("none")
      : t("sentence", { count: all, sum: format.money(data.at_risk) });
  return (
    <>
      <PageHead
        title={t("title")}
        sentence={sentence}
        back={{ to: "/orders", label: t("back") }}
        actions={
          <>
            <Views page="parcels" path="/orders/exceptions" query={viewQuery(query, KEPT)} />
            <Button
              leftSection={<IconDownload size={16} aria-hidden />}
              loading={file.isPending}
              onClick={() => file.mutate()}
            >
              {t("csv")}
            </Button>
          </>
        }
      />
      {file.error && <Failed error={file.error} />}
      <Filters label={t("filter")}>
        <SegmentedControl
          aria-label={t("sort.label")}
          data={(["cost", "deadline"] as const).map((value) => ({
            value,
            label: t(`sort.${value}`),
          }))}
          value={sort}
          onChange={(next) => setQuery({ sort: next === "cost" ? null : next })}
        />
        <NativeSelect
          aria-label={t("filter")}
          data={[
            { value: "", label: t("all") },
            ...(data?.counts ?? []).map((one) => ({
              value: one.trouble,
              label: `${t(`trouble.${one.trouble}`)} (${format.number(one.n)})`,
            })),
          ]}
          value={query.trouble ?? ""}
          onChange={(event) => setQuery({ trouble: event.currentTarget.value })}
        />
      </Filters>
      <BoardTable list={board} />
      <p className={css.how}>{t("how")}</p>
      {data && data.orders_all > data.orders && (
        <p className={css.how}>
          {t("only", {
            orders: format.number(data.orders),
            all: format.number(data.orders_all),
          })}
        </p>
      )}
    </>
  );
}

function BoardTable({ list }: { list: List<Row> }) {
  const { t } = useTranslation(["exceptions", "parcels"]);
  const lang = useLang();
  const columns: Column<Row>[] = [
    {
      id: "order",
      header: t("column.order"),
      primary: true,
      cell: (row) => (
        <>
          {row.order_number}
          {row.customer && (
            <span className="muted"> · {row.customer.name ?? row.customer.email}</span>
          )}
        </>
      ),
    },
    {
      id: "trouble",
      header: t("column.trouble"),
      cell: (row) => (
        <div className={css.stack}>
          <Status tone={troubleTone(row)}>{t(`trouble.${row.trouble}`)}</Status>
          {row.reason && (
            <span className="muted">
              {t(`parcels:reason.${row.reason}`, { defaultValue: row.reason })}
            </span>
          )}
          {row.silent_since && (
            <span className="muted">
              <Silence since={row.silent_since} />
            </span>
          )}
        </div>
      ),
    },
    {
      id: "parcel",
      header: t("column.parcel"),
      cell: (row) => (
        <div className={css.stack}>
          <span>{row.parcel.carrier ?? "—"}</span>
          <span className="muted">
            {said(lang, row.parcel)}
            {row.province && ` · ${row.province}`}
          </span>
        </div>
      ),
    },
    {
      id: "act",
      header: t("column.act"),
      hideOnPhone: true,
      cell: (row) => t(`parcels:act_short.${row.act_by}`),
    },
    {
      id: "deadline",
      header: t("column.deadline"),
      cell: (row) =>
        row.deadline ? (
          <Deadline at={row.deadline} />
        ) : (
          <span className="muted">{t("no_deadline")}</span>
        ),
    },
    {
      id: "at_risk",
      header: t("column.at_risk"),
      align: "right",
      cell: (row) => (
        <span className={css.risk}>
          <MoneyText value={row.at_risk} />
          {row.urgency_percent !== 100 && (
            <span className="muted">{t("times", { n: row.urgency_percent / 100 })}</span>
          )}
        </span>
      ),
    },
    {
      id: "answer",
      header: t("column.answer"),
      cell: (row) =>
        row.awaits_answer ? (
          <Status tone="attention">{t("answer_now")}</Status>
        ) : row.hold_outcome ? (
          t(`answered.${row.hold_outcome}`)
        ) : null,
    },
  ];
  return (
    <DataTable
      columns={columns}
      list={list}
      rowKey={(row) => `${row.order_id}#${row.parcel.seq}`}
      rowTo={(row) => `/orders/${row.order_id}`}
      label={t("title")}
      empty={<EmptyState title={t("none")} />}
    />
  );
}

function troubleTone(row: Row) {
  const tone = parcelTone(row.parcel.state);
  return tone === "neutral" || tone === "good" ? "attention" : tone;
}

function Silence({ since }: { since: string }) {
  const { t } = useTranslation("exceptions");
  return <>{t("silent_since", { since: useFormat().relative(since) })}</>;
}

function Deadline({ at }: { at: string }) {
  const { t } = useTranslation("exceptions");
  const passed = new Date(at) < present();
  return (
    <span className={passed ? css.passed : undefined}>
      <Time at={at} />
      {passed && ` · ${t("passed")}`}
    </span>
  );
}
