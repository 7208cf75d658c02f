import { Button } from "@mantine/core";
import { IconRefresh } from "@tabler/icons-react";
import { useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import { useChange, useGet } from "../../api/hooks";
import { useSession } from "../../api/session";
import { useLang } from "../../i18n/lang";
import { Time } from "../../ui/format";
import { Notice } from "../../ui/notice";
import { PageHead } from "../../ui/page-head";
import { useProblem } from "../../ui/problem";
import { Facts, Section } from "../../ui/section";
import { Await } from "../../ui/states";
import { Status } from "../../ui/status";
import css from "./inbox.module.css";
import { Replayed } from "./index";
import { type InboxRow, noteOf, type Replay, STATUS_TONES } from "./types";

interface InboxDetail extends InboxRow {
  body: string | null;
  body_deleted: boolean;
}

/** One raw event with its body. */
export default function InboxDetailPage() {
  const { t } = useTranslation("inbox");
  const { id = "" } = useParams({ strict: false });
  const lang = useLang();
  const { may } = useSession();
  const query = useGet<InboxDetail>(`/inbox/${id}`, { topics: ["inbox"], keep: false });
  const replay = useChange<void, Replay>(() => api.post<Replay>("/inbox/replay", { ids: [id] }), {
    topics: ["inbox", "orders", "messages"],
  });
  const { words } = useProblem(replay.error);
  return (
    <Await query={query}>
      {(row) => (
        <>
          <PageHead
            title={row.topic}
            sentence={noteOf(row, lang).words || t(`about.${row.status}`)}
            back={{ to: "/inbox", label: t("title") }}
            actions={
              may("inbox:write") &&
              !row.body_deleted && (
                <Button
                  variant={row.status === "failed" ? "filled" : "default"}
                  leftSection={<IconRefresh size={16} aria-hidden />}
                  loading={replay.isPending}
                  onClick={() => replay.mutate()}
                >
                  {t("replay")}
                </Button>
              )
            }
          />
          {words && (
            <Notice tone="bad" live title={words.title}>
              {words.text}
            </Notice>
          )}
          {replay.data && <Replayed result={replay.data} />}
          <Section>
            <Facts
              items={[
                {
                  label: t("status"),
                  value: (
                    <Status tone={STATUS_TONES[row.status]}>{t(`state.${row.status}`)}</Status>
                  ),
                },
                { label: t("source"), value: row.source },
                { label: t("at"), value: <Time at={row.received_at} kind="long" /> },
                row.note ? { label: t("note"), value: row.note } : null,
                { label: t("externalId"), value: <code className="mono">{row.external_id}</code> },
              ]}
            />
          </Section>
          <Section title={t("body")}>
            {row.body ? (
              // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
              <pre className={`${css.body} mono`} tabIndex={0}>
                {row.body}
              </pre>
            ) : (
              <p className="muted">{t(row.body_deleted ? "bodyDeleted" : "bodyNone")}</p>
            )}
          </Section>
        </>
      )}
    </Await>
  );
}
