import { Button, Menu, Tabs } from "@mantine/core";
import {
  IconChecklist,
  IconDots,
  IconDownload,
  IconEdit,
  IconHandStop,
  IconNote,
  IconSend,
  IconTrash,
} from "@tabler/icons-react";
import { useParams } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import { useChange, useGet, useList } from "../../api/hooks";
import { useSession } from "../../api/session";
import { pick, said, useLang } from "../../i18n/lang";
import { type Column, DataTable } from "../../ui/data-table";
import { EmptyState } from "../../ui/empty";
import { MoneyText, Time, useFormat } from "../../ui/format";
import { Link, useGo } from "../../ui/link";
import { PageHead } from "../../ui/page-head";
import { useQueryState } from "../../ui/query-state";
import { Facts, Section } from "../../ui/section";
import { Await, Failed } from "../../ui/states";
import { Status } from "../../ui/status";
import { useUndo } from "../../ui/undo";
import { MessagesTable } from "../messages/table";
import type { MessageRow } from "../messages/types";
import { OrdersTable } from "../orders/table";
import type { OrderRow } from "../orders/types";
import { type Act, Acts } from "./acts";
import css from "./customers.module.css";
import { GateTable } from "./gate-table";
import { Timeline } from "./timeline";
import type { ConsentAct, Customer, Note, PersonRun, Task } from "./types";
import { MarketingBadge, UnreachableBadge } from "./words";

const TABS = ["story", "orders", "messages", "consents", "notes"] as const;
type Tab = (typeof TABS)[number];

/** What one must be allowed to see a tab. */
const TAB_SCOPES: Partial<Record<Tab, string>> = {
  orders: "orders:read",
  messages: "messages:read",
};

/** One person: what matters, everything that happened, what may be sent. */
export default function CustomerPage() {
  const { id } = useParams({ strict: false }) as { id: string };
  const query = useGet<Customer>(`/customers/${id}`, { topics: ["customers"], keep: false });
  const go = useGo();
  // A person that went into another: the page of the one they are now.
  const now = query.data?.id;
  useEffect(() => {
    if (now && now !== id) {
      go(`/customers/${now}`, { replace: true });
    }
  }, [now, id, go]);
  return (
    <Await query={query}>{(customer) => <Shown key={customer.id} customer={customer} />}</Await>
  );
}

function Shown({ customer }: { customer: Customer }) {
  const { t } = useTranslation("customers");
  const format = useFormat();
  const { may } = useSession();
  const [query, setQuery] = useQueryState();
  const [act, setAct] = useState<Act | null>(null);
  const tabs = TABS.filter((tab) => may(TAB_SCOPES[tab] ?? "customers:read"));
  const tab = tabs.find((one) => one === query.tab) ?? "story";
  const name = customer.name ?? customer.email ?? customer.phone ?? t("without_name");
  return (
    <>
      <PageHead
        title={name}
        back={{ to: "/customers", label: t("title") }}
        sentence={
          customer.orders === 0
            ? t("says.none", { since: format.day(customer.created_at) })
            : t("says.some", {
                count: customer.orders,
                n: format.number(customer.orders),
                total: format.money(customer.total),
                last: customer.last_order_at ? format.relative(customer.last_order_at) : "–",
              })
        }
        actions={<Actions customer={customer} onAct={setAct} />}
      />
      <div className={css.badges}>
        <MarketingBadge marketing={customer.marketing_email} />
        <UnreachableBadge why={customer.unreachable} />
        {customer.minor && <Status tone="attention">{t("minor")}</Status>}
      </div>
      <Tabs
        value={tab}
        onChange={(next) => setQuery({ tab: next === "story" ? null : next }, { replace: true })}
        keepMounted={false}
      >
        <Tabs.List mb="md">
          {tabs.map((one) => (
            <Tabs.Tab key={one} value={one}>
              {t(`tab.${one}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="story">
          <div className={css.columns}>
            <Timeline customer={customer.id} />
            <div>
              <Person customer={customer} />
              {may("journeys:read") && <Runs customer={customer.id} />}
            </div>
          </div>
        </Tabs.Panel>
        <Tabs.Panel value="orders">
          <Orders customer={customer.id} />
        </Tabs.Panel>
        <Tabs.Panel value="messages">
          <Messages customer={customer.id} />
        </Tabs.Panel>
        <Tabs.Panel value="consents">
          <Consents customer={customer} />
        </Tabs.Panel>
        <Tabs.Panel value="notes">
          <Notes customer={customer.id} onAct={setAct} />
        </Tabs.Panel>
      </Tabs>
      <Acts customer={customer} act={act} onClose={() => setAct(null)} />
    </>
  );
}

function Actions({ customer, onAct }: { customer: Customer; onAct: (act: Act) => void }) {
  const { t } = useTranslation("customers");
  const { may } = useSession();
  const copy = useChange(() =>
    api.download(`/customers/${customer.id}/export`, {}, `cliente-${customer.id}.json`),
  );
  const items = [
    { act: "task", scope: "tasks:write", icon: IconChecklist },
    { act: "edit", scope: "customers:write", icon: IconEdit },
    { act: "stop", scope: "consents:write", icon: IconHandStop },
  ] as const;
  return (
    <>
      {may("messages:write") && (
        <Button leftSection={<IconSend size={16} aria-hidden />} onClick={() => onAct("send")}>
          {t("act.send")}
        </Button>
      )}
      {may("customers:write") && (
        <Button leftSection={<IconNote size={16} aria-hidden />} onClick={() => onAct("note")}>
          {t("act.note")}
        </Button>
      )}
      <Menu position="bottom-end">
        <Menu.Target>
          <Button leftSection={<IconDots size={16} aria-hidden />} loading={copy.isPending}>
            {t("act.more")}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {items
            .filter((one) => may(one.scope))
            .map(({ act, icon: Icon }) => (
              <Menu.Item
                key={act}
                leftSection={<Icon size={16} aria-hidden />}
                onClick={() => onAct(act)}
              >
                {t(`act.${act}`)}
              </Menu.Item>
            ))}
          {may("customers:export") && (
            <Menu.Item
              leftSection={<IconDownload size={16} aria-hidden />}
              onClick={() => copy.mutate()}
            >
              {t("act.export")}
            </Menu.Item>
          )}
          {may("customers:forget") && (
            <>
              <Menu.Divider />
              <Menu.Item
                color="bad"
                leftSection={<IconTrash size={16} aria-hidden />}
                onClick={() => onAct("forget")}
              >
                {t("act.forget")}
              </Menu.Item>
            </>
          )}
        </Menu.Dropdown>
      </Menu>
      {copy.error && <Failed error={copy.error} />}
    </>
  );
}

function Person({ customer }: { customer: Customer }) {
  const { t } = useTranslation("customers");
  const format = useFormat();
  const attributes = Object.entries(customer.attributes ?? {});
  return (
    <Section title={t("person")}>
      <Facts
        items={[
          customer.emails.length > 0
            ? { label: t("field.email"), value: customer.emails.join(", ") }
            : null,
          customer.phones.length > 0
            ? { label: t("field.phone"), value: customer.phones.join(", ") }
            : null,
          { label: t("field.province"), value: customer.province },
          {
            label: t("field.locale"),
            value: customer.locale
              ? t(`language.${customer.locale}`, { defaultValue: customer.locale })
              : null,
          },
          {
            label: t("field.total"),
            value: customer.orders > 0 ? <MoneyText value={customer.total} /> : null,
          },
          { label: t("field.since"), value: format.day(customer.created_at) },
          {
            label: t("field.active"),
            value: customer.active_at ? <Time at={customer.active_at} /> : t("common:unknown"),
          },
          customer.tags.length > 0
            ? {
                label: t("field.tags"),
                value: (
                  <span className={css.tags}>
                    {customer.tags.map((tag) => (
                      <span key={tag} className={css.tag}>
                        {tag}
                      </span>
                    ))}
                  </span>
                ),
              }
            : null,
          customer.merged_from.length > 0
            ? {
                label: t("field.merged"),
                value: t("merged", {
                  count: customer.merged_from.length,
                  n: customer.merged_from.length,
                }),
              }
            : null,
          ...attributes.map(([name, value]) => ({
            label: name,
            value: typeof value === "string" ? value : JSON.stringify(value),
          })),
        ]}
      />
    </Section>
  );
}

function Runs({ customer }: { customer: string }) {
  const { t } = useTranslation("customers");
  const { may } = useSession();
  const lang = useLang();
  const list = useList<PersonRun>(`/customers/${customer}/runs`, { topics: ["journeys"] });
  const stop = useChange((id: string) => api.post(`/runs/${id}/stop`), {
    topics: ["journeys", "customers"],
  });
  const active = list.items?.filter((run) => run.active) ?? [];
  if (active.length === 0) {
    return null;
  }
  return (
    <Section title={t("runs.title")}>
      {stop.error && <Failed error={stop.error} />}
      <ul className={css.plain}>
        {active.map((run) => (
          <li key={run.id}>
            <span className={css.noteText}>
              <Link to={`/journeys/${encodeURIComponent(run.journey)}`}>
                {pick(lang, run, "name") || run.journey}
              </Link>
              <br />
              <span className="muted">
                {pick(lang, run, "state")}
                {run.wake_at && (
                  <>
                    {" · "}
                    {t("runs.until")} <Time at={run.wake_at} kind="short" />
                  </>
                )}
              </span>
            </span>
            {may("journeys:write") && (
              <Button
                size="xs"
                onClick={() => stop.mutate(run.id)}
                loading={stop.isPending && stop.variables === run.id}
                aria-label={t("runs.stop_which", { name: pick(lang, run, "name") })}
              >
                {t("runs.stop")}
              </Button>
            )}
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Orders({ customer }: { customer: string }) {
  const { t } = useTranslation("customers");
  const list = useList<OrderRow>(`/customers/${customer}/orders`, { topics: ["orders"] });
  return (
    <OrdersTable
      list={list}
      ofOne
      label={t("tab.orders")}
      empty={<EmptyState title={t("no_orders.title")}>{t("no_orders.text")}</EmptyState>}
    />
  );
}

function Messages({ customer }: { customer: string }) {
  const { t } = useTranslation("customers");
  const list = useList<MessageRow>(`/customers/${customer}/messages`, { topics: ["messages"] });
  return (
    <MessagesTable
      list={list}
      about="customer"
      label={t("tab.messages")}
      empty={<EmptyState title={t("no_messages.title")}>{t("no_messages.text")}</EmptyState>}
    />
  );
}

function Consents({ customer }: { customer: Customer }) {
  const { t } = useTranslation(["customers", "messages"]);
  const lang = useLang();
  const list = useList<ConsentAct>(`/customers/${customer.id}/consents`, { topics: ["customers"] });
  const columns: Column<ConsentAct>[] = [
    {
      id: "topic",
      header: t("consent.topic"),
      primary: true,
      cell: (row) => (
        <>
          {t(`topic.${row.topic}`, { defaultValue: row.topic })}
          {row.channel && <span className="muted"> · {t(`messages:channel.${row.channel}`)}</span>}
        </>
      ),
    },
    {
      id: "state",
      header: t("consent.state"),
      cell: (row) => t(`consent_state.${row.state}`, { defaultValue: row.state }),
    },
    {
      id: "source",
      header: t("consent.source"),
      cell: (row) => (
        <span>
          {t(`consent_source.${row.source}`, { defaultValue: row.source })}
          {row.form && <span className="muted"> · {row.form}</span>}
        </span>
      ),
    },
    { id: "text", header: t("consent.text"), cell: (row) => row.text_version },
    {
      id: "proof",
      header: t("consent.proof"),
      hideOnPhone: true,
      cell: (row) => (row.ip_stored ? t("consent.with_ip") : t("consent.without_ip")),
    },
    {
      id: "at",
      header: t("consent.at"),
      align: "right",
      cell: (row) => <Time at={row.at} kind="short" />,
    },
  ];
  return (
    <>
      <Section
        title={t("gate.title")}
        aside={
          customer.preferences_url && (
            <a href={customer.preferences_url} target="_blank" rel="noreferrer">
              {t("preferences")}
            </a>
          )
        }
      >
        <GateTable cells={customer.gate} />
      </Section>
      <Section title={t("consent.now")}>
        {customer.consents.length === 0 ? (
          <p className="muted">{t("consent.none")}</p>
        ) : (
          <ul className={css.plain}>
            {customer.consents.map((one) => (
              <li key={`${one.topic}${one.channel}`}>
                <span>{said(lang, one)}</span>
                {one.since && (
                  <span className="muted">
                    <Time at={one.since} kind="day" />
                  </span>
                )}
              </li>
            ))}
          </ul>
        )}
      </Section>
      <h2 className={css.part}>{t("consent.ledger")}</h2>
      <DataTable
        columns={columns}
        list={list}
        rowKey={(row) => row.id}
        label={t("consent.ledger")}
        empty={<EmptyState title={t("consent.none")}>{t("consent.none_text")}</EmptyState>}
      />
    </>
  );
}

function Notes({ customer, onAct }: { customer: string; onAct: (act: Act) => void }) {
  const { t } = useTranslation("customers");
  const { may } = useSession();
  const undo = useUndo();
  const notes = useList<Note>(`/customers/${customer}/notes`, { topics: ["customers"] });
  const tasks = useList<Task>(`/customers/${customer}/tasks`, { topics: ["tasks"] });
  const add = useChange((text: string) => api.post(`/customers/${customer}/notes`, { text }), {
    topics: ["customers"],
  });
  const remove = useChange((note: Note) => api.del(`/notes/${note.id}`), {
    topics: ["customers"],
    onDone: (_, note) => undo({ text: t("note.removed"), onUndo: () => add.mutate(note.text) }),
  });
  const done = useChange(
    ({ id, done: is }: { id: string; done: boolean }) => api.put(`/tasks/${id}`, { done: is }),
    {
      topics: ["tasks"],
      onDone: (_, input) =>
        input.done &&
        undo({
          text: t("task.closed"),
          onUndo: () => done.mutate({ id: input.id, done: false }),
        }),
    },
  );
  const error = notes.error ?? tasks.error ?? remove.error ?? done.error;
  return (
    <div className={css.columns}>
      <Section
        title={t("note.title")}
        aside={
          may("customers:write") && (
            <Button size="xs" onClick={() => onAct("note")}>
              {t("act.note")}
            </Button>
          )
        }
      >
        {error && <Failed error={error} />}
        {notes.items?.length === 0 && <p className="muted">{t("note.none")}</p>}
        <ul className={css.plain}>
          {notes.items?.map((note) => (
            <li key={note.id}>
              <span className={css.noteText}>
                {note.text}
                <br />
                <span className="muted">
                  {note.author && `${note.author} · `}
                  <Time at={note.at} />
                </span>
              </span>
              {may("customers:write") && (
                <Button size="xs" variant="subtle" onClick={() => remove.mutate(note)}>
                  {t("common:remove")}
                </Button>
              )}
            </li>
          ))}
        </ul>
        {notes.more && <Button onClick={notes.more}>{t("common:more")}</Button>}
      </Section>
      <Section
        title={t("task.title")}
        aside={
          may("tasks:write") && (
            <Button size="xs" onClick={() => onAct("task")}>
              {t("act.task")}
            </Button>
          )
        }
      >
        {tasks.items?.length === 0 && <p className="muted">{t("task.none")}</p>}
        <ul className={css.plain}>
          {tasks.items?.map((task) => (
            <li key={task.id}>
              <span className={css.noteText}>
                {task.title}
                {task.due_at && !task.done_at && (
                  <span className="muted">
                    {" "}
                    · {t("task.due")} <Time at={task.due_at} kind="short" />
                  </span>
                )}
              </span>
              {task.done_at ? (
                <Status tone="good">{t("task.done")}</Status>
              ) : (
                may("tasks:write") && (
                  <Button size="xs" onClick={() => done.mutate({ id: task.id, done: true })}>
                    {t("task.close")}
                  </Button>
                )
              )}
            </li>
          ))}
        </ul>
      </Section>
    </div>
  );
}
