import { TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useList } from "../../api/hooks";
import type { Schemas, With } from "../../api/types";
import { useLang } from "../../i18n/lang";
import { DataTable } from "../../ui/data-table";
import { EmptyState } from "../../ui/empty";
import { Time } from "../../ui/format";
import { PageHead } from "../../ui/page-head";
import { useQueryState } from "../../ui/query-state";
import { Facts, Filters } from "../../ui/section";
import { Side } from "../../ui/side";

type AuditRow = With<Schemas["Act"], { detail: unknown }>;

/** Wait after the last key before the list is asked for, in milliseconds. */
const TYPING_MS = 250;

/** Who changed what, and when. */
export default function Audit() {
  const { t } = useTranslation("settings");
  const { t: common } = useTranslation();
  const lang = useLang();
  const [query, setQuery] = useQueryState();
  const [text, setText] = useState(query.action ?? "");
  const [open, setOpen] = useState<AuditRow | null>(null);
  const ask = useDebouncedCallback(
    (action: string) => setQuery({ action }, { replace: true }),
    TYPING_MS,
  );
  const list = useList<AuditRow>("/audit", {
    query: { action: query.action },
    topics: ["settings", "journeys", "customers", "inbox"],
  });
  return (
    <>
      <PageHead title={t("audit.title")} sentence={t("audit.sentence")} />
      <Filters label={common("filters")}>
        <TextInput
          label={t("audit.action")}
          placeholder={t("audit.actionHint")}
          value={text}
          onChange={(event) => {
            setText(event.currentTarget.value);
            ask(event.currentTarget.value.trim());
          }}
        />
      </Filters>
      <DataTable
        label={t("audit.title")}
        list={list}
        rowKey={(row) => row.id}
        onRow={setOpen}
        empty={
          <EmptyState title={t(query.action ? "audit.noneTitle" : "audit.emptyTitle")}>
            {t(query.action ? "audit.noneText" : "audit.emptyText")}
          </EmptyState>
        }
        columns={[
          { id: "what", header: t("audit.what"), primary: true, cell: (row) => row[lang] },
          { id: "who", header: t("audit.who"), cell: (row) => row.actor_name ?? t("audit.dopo") },
          {
            id: "subject",
            header: t("audit.subject"),
            cell: (row) => (row.subject ? <code className="mono">{row.subject}</code> : null),
          },
          { id: "at", header: t("audit.at"), cell: (row) => <Time at={row.at} /> },
        ]}
      />
      <Side opened={open !== null} onClose={() => setOpen(null)} title={open?.[lang] ?? ""}>
        {open && (
          <>
            <Facts
              items={[
                { label: t("audit.at"), value: <Time at={open.at} kind="long" /> },
                { label: t("audit.who"), value: open.actor_name ?? t("audit.dopo") },
                { label: t("audit.action"), value: <code className="mono">{open.action}</code> },
                open.subject
                  ? {
                      label: t("audit.subject"),
                      value: <code className="mono">{open.subject}</code>,
                    }
                  : null,
              ]}
            />
            {open.detail !== null && open.detail !== undefined && (
              <>
                <h2 style={{ margin: "24px 0 8px" }}>{t("audit.detail")}</h2>
                <pre className="mono" style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>
                  {typeof open.detail === "string"
                    ? open.detail
                    : JSON.stringify(open.detail, null, 2)}
                </pre>
              </>
            )}
          </>
        )}
      </Side>
    </>
  );
}
