import { Button, Checkbox, NativeSelect } from "@mantine/core";
import { IconRefresh } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import { useChange, useGet, useList } from "../../api/hooks";
import { useSession } from "../../api/session";
import type { Page } from "../../api/types";
import { useLang } from "../../i18n/lang";
import { DataTable } from "../../ui/data-table";
import { EmptyState } from "../../ui/empty";
import { Time } from "../../ui/format";
import { Notice } from "../../ui/notice";
import { PageHead } from "../../ui/page-head";
import { useProblem } from "../../ui/problem";
import { useQueryState } from "../../ui/query-state";
import { Filters } from "../../ui/section";
import { Status } from "../../ui/status";
import { Views, viewQuery } from "../../ui/views";
import type { Connection } from "../settings/parts/connect";
import css from "./inbox.module.css";
import { type InboxRow, noteOf, type Replay, STATUS_TONES, STATUSES } from "./types";

/** What a saved view keeps of the address. */
const KEPT = ["status", "source"] as const;
/** Rows replayed in one request. */
const REPLAY_MAX = 200;

/** Every event received as it came: what became of it, and the way to take it in again. */
export default function Inbox() {
  const { t } = useTranslation("inbox");
  const { t: common } = useTranslation();
  const { t: shell } = useTranslation("shell");
  const lang = useLang();
  const { may } = useSession();
  const [query, setQuery] = useQueryState();
  const [chosen, setChosen] = useState<Set<string>>(new Set());
  const list = useList<InboxRow>("/inbox", {
    query: { status: query.status, source: query.source },
    topics: ["inbox"],
  });
  const connections = useGet<Page<Connection>>("/connections", {
    topics: ["inbox"],
    enabled: may("connections:read"),
  });
  const replay = useChange<object, Replay>((what) => api.post<Replay>("/inbox/replay", what), {
    topics: ["inbox", "orders", "messages"],
    onDone: () => setChosen(new Set()),
  });
  const { words } = useProblem(replay.error);
  const write = may("inbox:write");
  const failed = connections.data?.items.reduce((sum, one) => sum + one.failed, 0);
  const filtered = Boolean(query.status || query.source);
  const toggle = (id: string, on: boolean) =>
    setChosen((before) => {
      const after = new Set(before);
      if (on && after.size < REPLAY_MAX) {
        after.add(id);
      } else {
        after.delete(id);
      }
      return after;
    });
  return (
    <>
      <PageHead
        title={t("title")}
        back={{ to: "/settings", label: shell("place.settings") }}
        sentence={
          failed === undefined
            ? t("sentence")
            : failed === 0
              ? t("allGood")
              : t("someFailed", { count: failed })
        }
        actions={
          <>
            <Views page="inbox" path="/inbox" query={viewQuery(query, KEPT)} />
            {write && chosen.size > 0 && (
              <Button
                variant="filled"
                loading={replay.isPending}
                onClick={() => replay.mutate({ ids: [...chosen] })}
              >
                {t("replayChosen", { count: chosen.size })}
              </Button>
            )}
            {write && (failed ?? 0) > 0 && (
              <Button
                leftSection={<IconRefresh size={16} aria-hidden />}
                loading={replay.isPending}
                onClick={() =>
                  replay.mutate({
                    status: "failed",
                    ...(query.source ? { source: query.source } : {}),
                  })
                }
              >
                {t("replayFailed")}
              </Button>
            )}
          </>
        }
      />
      {words && (
        <Notice tone="bad" live title={words.title}>
          {words.text}
        </Notice>
      )}
      {replay.data && <Replayed result={replay.data} />}
      <Filters label={common("filters")}>
        <NativeSelect
          label={t("status")}
          value={query.status ?? ""}
          onChange={(event) => setQuery({ status: event.currentTarget.value })}
          data={[
            { value: "", label: t("every") },
            ...STATUSES.map((status) => ({ value: status, label: t(`state.${status}`) })),
          ]}
        />
        <NativeSelect
          label={t("source")}
          value={query.source ?? ""}
          onChange={(event) => setQuery({ source: event.currentTarget.value })}
          data={[
            { value: "", label: t("everySource") },
            ...[
              ...new Set([
                ...(connections.data?.items.map((one) => one.source) ?? []),
                ...(query.source ? [query.source] : []),
              ]),
            ].map((source) => ({ value: source, label: source })),
          ]}
        />
      </Filters>
      <DataTable
        label={t("title")}
        list={list}
        rowKey={(row) => row.id}
        rowTo={(row) => `/inbox/${row.id}`}
        empty={
          <EmptyState title={t(filtered ? "noneTitle" : "emptyTitle")}>
            {t(filtered ? "noneText" : "emptyText")}
          </EmptyState>
        }
        columns={[
          ...(write
            ? [
                {
                  id: "choose",
                  header: t("choose"),
                  bare: true,
                  cell: (row: InboxRow) => (
                    <Checkbox
                      aria-label={t("chooseOne", { topic: row.topic })}
                      checked={chosen.has(row.id)}
                      onChange={(event) => toggle(row.id, event.currentTarget.checked)}
                    />
                  ),
                },
              ]
            : []),
          {
            id: "topic",
            header: t("topic"),
            primary: true,
            cell: (row) => row.topic,
          },
          { id: "source", header: t("source"), cell: (row) => row.source },
          {
            id: "status",
            header: t("status"),
            cell: (row) => (
              <Status tone={STATUS_TONES[row.status]}>{t(`state.${row.status}`)}</Status>
            ),
          },
          {
            id: "note",
            header: t("note"),
            cell: (row) => {
              const note = noteOf(row, lang);
              return note.words || note.note ? (
                <span className={css.note}>
                  {note.words} <span className="muted">{note.note}</span>
                </span>
              ) : null;
            },
          },
          { id: "at", header: t("at"), cell: (row) => <Time at={row.received_at} /> },
        ]}
      />
    </>
  );
}

/** What came of a replay. */
export function Replayed({ result }: { result: Replay }) {
  const { t } = useTranslation("inbox");
  return (
    <Notice
      tone={result.failed > 0 ? "attention" : "good"}
      live
      title={t("replayed", {
        count: result.accepted + result.kept + result.repeated + result.failed,
      })}
    >
      {t("replayedText", {
        accepted: result.accepted,
        kept: result.kept,
        repeated: result.repeated,
        failed: result.failed,
      })}
    </Notice>
  );
}
