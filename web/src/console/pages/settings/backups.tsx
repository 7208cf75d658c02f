import { Button } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import { useChange, useGet } from "../../api/hooks";
import { useSession } from "../../api/session";
import type { Schemas } from "../../api/types";
import { DataTable } from "../../ui/data-table";
import { EmptyState } from "../../ui/empty";
import { Time, useFormat } from "../../ui/format";
import { Notice } from "../../ui/notice";
import { PageHead } from "../../ui/page-head";
import { useProblem } from "../../ui/problem";
import { Status } from "../../ui/status";

type Backups = Schemas["Backups"];

/** How often one looks whether a running backup has ended, in milliseconds. */
const LOOK_MS = 2_000;

/** Copies of everything, the last success first. */
export default function BackupsPage() {
  const { t } = useTranslation("settings");
  const { may } = useSession();
  const format = useFormat();
  const query = useGet<Backups>("/backups", {
    topics: ["settings"],
    every: (last) => (isRunning(last as Backups | undefined) ? LOOK_MS : false),
  });
  const running = isRunning(query.data);
  const make = useChange<void>(() => api.post("/backups"), { topics: ["settings"] });
  const { words } = useProblem(make.error);
  const { data } = query;
  const now = may("backup:write") && data?.folder_set && (
    <Button variant="filled" loading={make.isPending || running} onClick={() => make.mutate()}>
      {t("backups.now")}
    </Button>
  );
  return (
    <>
      <PageHead
        title={t("backups.title")}
        sentence={
          data
            ? data.last_ok_at
              ? t("backups.last", { when: format.relative(data.last_ok_at) })
              : t("backups.none")
            : t("backups.about")
        }
        actions={now}
      />
      {words && (
        <Notice tone="bad" live title={words.title}>
          {words.text}
        </Notice>
      )}
      {data && !data.folder_set && (
        <Notice tone="attention" title={t("backups.noFolder")}>
          {t("backups.noFolderText")}
        </Notice>
      )}
      <DataTable
        label={t("backups.title")}
        list={{ items: data?.items, error: query.error, again: () => void query.refetch() }}
        rowKey={(one) => one.id}
        empty={
          <EmptyState title={t("backups.emptyTitle")} action={now}>
            {t("backups.emptyText")}
          </EmptyState>
        }
        columns={[
          {
            id: "began",
            header: t("backups.began"),
            primary: true,
            cell: (one) => <Time at={one.began_at} kind="short" />,
          },
          {
            id: "state",
            header: t("backups.state"),
            cell: (one) =>
              one.error ? (
                <>
                  <Status tone="bad">{t("backups.failed")}</Status> {one.error}
                </>
              ) : one.ended_at ? (
                <Status tone="good">{t("backups.done")}</Status>
              ) : (
                <Status tone="attention">{t("backups.running")}</Status>
              ),
          },
          {
            id: "file",
            header: t("backups.file"),
            cell: (one) => (one.file ? <code className="mono">{one.file}</code> : null),
          },
          {
            id: "bytes",
            header: t("backups.size"),
            align: "right",
            cell: (one) => (one.bytes ? format.bytes(one.bytes) : null),
          },
        ]}
      />
    </>
  );
}

function isRunning(backups: Backups | undefined): boolean {
  return backups?.items.some((one) => !one.ended_at && !one.error) ?? false;
}
