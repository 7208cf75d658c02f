import { SegmentedControl, Select } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { apiUrl } from "../../api/client";
import { useGet, useList } from "../../api/hooks";
import { useSession } from "../../api/session";
import { said, useLang } from "../../i18n/lang";
import { type Column, DataTable } from "../../ui/data-table";
import { EmptyState } from "../../ui/empty";
import { useQueryState } from "../../ui/query-state";
import { Side } from "../../ui/side";
import { Await } from "../../ui/states";
import css from "./messages.module.css";
import { Preview } from "./preview";
import type { TemplateDetail, TemplateRow } from "./types";

const key = (row: Pick<TemplateRow, "name" | "locale">) => `${row.name}:${row.locale}`;

/** The texts that messages are made from, to read, with made people in them. */
export function Templates() {
  const { t } = useTranslation("messages");
  const [query, setQuery] = useQueryState();
  const list = useList<TemplateRow>("/templates", { topics: ["settings"] });
  const open = list.items?.find((row) => key(row) === query.template);
  const columns: Column<TemplateRow>[] = [
    {
      id: "name",
      header: t("template.name"),
      primary: true,
      cell: (row) => (
        <>
          {row.title} <code className="muted">{row.name}</code>
        </>
      ),
    },
    { id: "subject", header: t("template.subject"), cell: (row) => row.subject },
    { id: "channel", header: t("column.channel"), cell: (row) => t(`channel.${row.channel}`) },
    {
      id: "locale",
      header: t("template.language"),
      cell: (row) => t(`language.${row.locale}`, { defaultValue: row.locale }),
    },
    {
      id: "version",
      header: t("template.version"),
      align: "right",
      hideOnPhone: true,
      cell: (row) => row.version,
    },
  ];
  return (
    <>
      <DataTable
        columns={columns}
        list={list}
        rowKey={key}
        onRow={(row) => setQuery({ template: key(row) })}
        label={t("tab.templates")}
        empty={<EmptyState title={t("template.empty")} />}
      />
      <Side
        opened={open !== undefined}
        onClose={() => setQuery({ template: null })}
        title={open?.title ?? ""}
        wide
      >
        {open && <Template row={open} />}
      </Side>
    </>
  );
}

/** What the author of a template wrote: each part under its name. */
export function written(source: Record<string, unknown>): string {
  return Object.entries(source)
    .map(([name, part]) =>
      typeof part === "string"
        ? `${name}:\n${part.trimEnd()}`
        : `${name}: ${JSON.stringify(part, null, 2)}`,
    )
    .join("\n\n");
}

function Template({ row }: { row: TemplateRow }) {
  const { t } = useTranslation("messages");
  const lang = useLang();
  const { shop } = useSession();
  const [sample, setSample] = useState<string | null>(null);
  const [view, setView] = useState("looks");
  const query = useGet<TemplateDetail>(`/templates/${encodeURIComponent(row.name)}`, {
    query: { locale: row.locale, sample },
    topics: ["settings"],
  });
  return (
    <Await query={query}>
      {(template) => (
        <div className={css.preview}>
          <div className={css.previewHead}>
            <Select
              label={t("template.sample")}
              data={template.samples.map((one) => ({ value: one.id, label: said(lang, one) }))}
              value={sample ?? template.sample}
              onChange={setSample}
            />
            <SegmentedControl
              aria-label={t("template.view")}
              data={["looks", "source"].map((value) => ({ value, label: t(`template.${value}`) }))}
              value={view}
              onChange={setView}
            />
          </div>
          {view === "source" || !template.rendered ? (
            // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
            <pre className={css.source} tabIndex={0}>
              {written(template.source)}
            </pre>
          ) : (
            <Preview
              rendered={template.rendered}
              html={
                template.rendered.html
                  ? apiUrl(`/templates/${encodeURIComponent(row.name)}/html`, {
                      shop: shop.slug,
                      locale: row.locale,
                      sample,
                    })
                  : null
              }
              title={row.title}
            />
          )}
        </div>
      )}
    </Await>
  );
}
