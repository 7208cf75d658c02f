import { Button } from "@mantine/core";
import {
  IconArrowBackUp,
  IconChecklist,
  IconMail,
  IconNote,
  IconPackage,
  IconRoute,
  IconShieldCheck,
  IconShoppingBag,
  type TablerIcon,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useList } from "../../api/hooks";
import { pick, useLang } from "../../i18n/lang";
import { EmptyState } from "../../ui/empty";
import { Time, useFormat } from "../../ui/format";
import { Link } from "../../ui/link";
import { Failed, Loading } from "../../ui/states";
import { MessageStatusBadge, WhyLine } from "../messages/words";
import { consolePath } from "./console-path";
import css from "./customers.module.css";
import type { TimelineItem } from "./types";

const ICONS: Record<TimelineItem["kind"], TablerIcon> = {
  message: IconMail,
  order: IconShoppingBag,
  parcel: IconPackage,
  consent: IconShieldCheck,
  journey: IconRoute,
  task: IconChecklist,
  note: IconNote,
  return: IconArrowBackUp,
};

/** What happened in one day. */
export interface Day {
  day: string;
  items: TimelineItem[];
}

/** Groups what happened by the day that `dayOf` names; the order stays. */
export function byDay(items: TimelineItem[], dayOf: (at: string) => string): Day[] {
  const days: Day[] = [];
  for (const item of items) {
    const day = dayOf(item.at);
    const last = days.at(-1);
    if (last?.day === day) {
      last.items.push(item);
    } else {
      days.push({ day, items: [item] });
    }
  }
  return days;
}

/** Everything between this person and the shop, newest first, with the why of every message. */
export function Timeline({ customer }: { customer: string }) {
  const { t } = useTranslation("customers");
  const format = useFormat();
  const list = useList<TimelineItem>(`/customers/${customer}/timeline`, {
    topics: ["customers", "orders", "messages", "tasks", "journeys"],
  });
  if (!list.items) {
    return list.error ? <Failed error={list.error} retry={list.again} /> : <Loading />;
  }
  if (list.items.length === 0) {
    return <EmptyState title={t("timeline.empty.title")}>{t("timeline.empty.text")}</EmptyState>;
  }
  return (
    <div>
      {list.error && <Failed error={list.error} retry={list.again} />}
      {byDay(list.items, format.date).map((day) => (
        <section key={`${day.day}${day.items[0]?.id}`} className={css.day}>
          <h2>{day.day}</h2>
          <ol>
            {day.items.map((item) => (
              <Item key={`${item.kind}${item.id}${item.at}`} item={item} />
            ))}
          </ol>
        </section>
      ))}
      {list.more && (
        <Button onClick={list.more} loading={list.loadingMore}>
          {t("timeline.more")}
        </Button>
      )}
    </div>
  );
}

function Item({ item }: { item: TimelineItem }) {
  const lang = useLang();
  const Icon = ICONS[item.kind] ?? IconNote;
  const title = pick(lang, item, "title");
  const { message } = item;
  // The reason of a message stands on a line of its own, where it can be asked further.
  const detail = pick(lang, item, "detail")
    .replace(message?.why[lang] ?? "", "")
    .trim();
  return (
    <li className={css.item} data-tone={item.tone}>
      <span className={css.itemIcon}>
        <Icon size={16} aria-hidden />
      </span>
      <div className={css.itemBody}>
        <div className={css.itemHead}>
          <span>{item.link ? <Link to={consolePath(item.link)}>{title}</Link> : title}</span>
          {message && <MessageStatusBadge status={message.status} />}
        </div>
        {detail && <p className={css.itemDetail}>{detail}</p>}
        {message && (
          <p>
            <WhyLine why={message.why} />
          </p>
        )}
      </div>
      <span className={css.itemTime}>
        <Time at={item.at} kind="time" />
      </span>
    </li>
  );
}
