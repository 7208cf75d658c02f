import { Button } from "@mantine/core";
import { useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api, apiUrl } from "../../api/client";
import { useChange, useGet } from "../../api/hooks";
import { useSession } from "../../api/session";
import { pick, said, useLang } from "../../i18n/lang";
import { Time } from "../../ui/format";
import { Link } from "../../ui/link";
import { Notice } from "../../ui/notice";
import { PageHead } from "../../ui/page-head";
import { Facts, Section } from "../../ui/section";
import { Await, Failed } from "../../ui/states";
import css from "./messages.module.css";
import { Preview } from "./preview";
import type { MessageDetail } from "./types";
import { MessageStatusBadge, recipient, useJourneyNames, WhyLine } from "./words";

/** Statuses that a person may put back into the queue. */
const REQUEUEABLE = ["failed", "in_doubt"];

/** One message: how it looks, why it left or not, and its life. */
export default function Message() {
  const { id } = useParams({ strict: false }) as { id: string };
  const query = useGet<MessageDetail>(`/messages/${id}`, { topics: ["messages"], keep: false });
  return <Await query={query}>{(message) => <Shown message={message} />}</Await>;
}

function Shown({ message }: { message: MessageDetail }) {
  const { t } = useTranslation("messages");
  const lang = useLang();
  const { may, shop } = useSession();
  const journeyName = useJourneyNames();
  const requeue = useChange(() => api.post(`/messages/${message.id}/requeue`), {
    topics: ["messages", "counters"],
  });
  const { customer, order, rendered } = message;
  const title = rendered?.subject ?? journeyName(message.journey) ?? t("one");
  return (
    <>
      <PageHead
        title={title}
        back={{ to: "/messages", label: t("title") }}
        sentence={said(lang, message.why)}
        actions={
          may("messages:write") &&
          REQUEUEABLE.includes(message.status) && (
            <Button variant="filled" loading={requeue.isPending} onClick={() => requeue.mutate()}>
              {t("requeue")}
            </Button>
          )
        }
      />
      {requeue.error && <Failed error={requeue.error} />}
      {message.failure && (
        <Notice tone={message.status === "sent" ? "attention" : "bad"} title={t("failure")}>
          {message.failure}
        </Notice>
      )}
      <div className={css.columns}>
        <Section title={t("looks")}>
          {rendered ? (
            <Preview
              rendered={rendered}
              html={
                rendered.html ? apiUrl(`/messages/${message.id}/html`, { shop: shop.slug }) : null
              }
              title={title}
            />
          ) : (
            <p className="muted">{t("not_rendered")}</p>
          )}
        </Section>
        <div>
          <Section title={t("about")} aside={<MessageStatusBadge status={message.status} />}>
            <Facts
              items={[
                {
                  label: t("column.customer"),
                  value: customer ? (
                    <Link to={`/customers/${customer.id}`}>
                      {recipient(message) ?? t("without_name")}
                    </Link>
                  ) : (
                    t("nobody")
                  ),
                },
                order && {
                  label: t("column.order"),
                  value: <Link to={`/orders/${order.id}`}>{order.number ?? order.id}</Link>,
                },
                message.journey
                  ? {
                      label: t("filter.journey"),
                      value: (
                        <Link to={`/journeys/${encodeURIComponent(message.journey)}`}>
                          {journeyName(message.journey)}
                        </Link>
                      ),
                    }
                  : null,
                {
                  label: t("column.template"),
                  value: (
                    <>
                      {pick(lang, message, "template") || message.template}{" "}
                      <code className="muted">{message.template}</code>
                    </>
                  ),
                },
                { label: t("column.channel"), value: t(`channel.${message.channel}`) },
                { label: t("purpose_label"), value: t(`purpose.${message.purpose}`) },
                { label: t("column.why"), value: <WhyLine why={message.why} /> },
                message.attempts > 1
                  ? { label: t("attempts"), value: String(message.attempts) }
                  : null,
                {
                  label: t("opened"),
                  value: message.opened_at ? <Time at={message.opened_at} kind="short" /> : null,
                },
                {
                  label: t("clicked"),
                  value: message.clicked_at ? <Time at={message.clicked_at} kind="short" /> : null,
                },
              ]}
            />
          </Section>
          <Section title={t("life")}>
            <ol className={css.life}>
              {message.life.map((one) => (
                <li key={`${one.at}${one.what}`}>
                  <span>{said(lang, one)}</span>
                  <span className="muted">
                    <Time at={one.at} kind="short" />
                  </span>
                </li>
              ))}
            </ol>
          </Section>
        </div>
      </div>
    </>
  );
}
