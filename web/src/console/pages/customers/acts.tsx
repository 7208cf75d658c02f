import { Button, Checkbox, Select, Stack, Textarea, TextInput } from "@mantine/core";
import { type FormEvent, type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiProblem, api, freshKey } from "../../api/client";
import { useChange, useGet, useList } from "../../api/hooks";
import type { Page } from "../../api/types";
import { pick, useLang } from "../../i18n/lang";
import { useGo } from "../../ui/link";
import { Notice } from "../../ui/notice";
import { FormEnd } from "../../ui/section";
import { Side } from "../../ui/side";
import { Failed } from "../../ui/states";
import type { JourneyDetail, JourneyRow } from "../journeys/types";
import type { MessageRow } from "../messages/types";
import type { OrderRow } from "../orders/types";
import { PROVINCES } from "./places";
import type { Customer } from "./types";

export type Act = "note" | "task" | "send" | "stop" | "edit" | "forget";

interface Props {
  customer: Customer;
  onDone: () => void;
}

const FORMS: Record<Act, (props: Props) => ReactNode> = {
  note: (props) => <OneText {...props} kind="note" />,
  task: (props) => <OneText {...props} kind="task" />,
  send: (props) => <Send {...props} />,
  stop: (props) => <Stop {...props} />,
  edit: (props) => <Edit {...props} />,
  forget: (props) => <Forget {...props} />,
};

/** What one can do for or with a person, each in a drawer. */
export function Acts({
  customer,
  act,
  onClose,
}: {
  customer: Customer;
  act: Act | null;
  onClose: () => void;
}) {
  const { t } = useTranslation("customers");
  return (
    <Side opened={act !== null} onClose={onClose} title={act ? t(`act.${act}`) : ""}>
      {act && FORMS[act]({ customer, onDone: onClose })}
    </Side>
  );
}

function Form({
  onSubmit,
  error,
  children,
  end,
}: {
  onSubmit: () => void;
  error: unknown;
  children: ReactNode;
  end: ReactNode;
}) {
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSubmit();
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        {error ? <Failed error={error} /> : null}
        {children}
      </Stack>
      <FormEnd>{end}</FormEnd>
    </form>
  );
}

function OneText({ customer, onDone, kind }: Props & { kind: "note" | "task" }) {
  const { t } = useTranslation("customers");
  const [text, setText] = useState("");
  const [key] = useState(freshKey);
  const save = useChange(
    () =>
      kind === "note"
        ? api.post(
            `/customers/${customer.id}/notes`,
            { text: text.trim() },
            { idempotencyKey: key },
          )
        : api.post(
            `/customers/${customer.id}/tasks`,
            { title: text.trim() },
            { idempotencyKey: key },
          ),
    { topics: ["customers", "tasks"], onDone },
  );
  return (
    <Form
      onSubmit={() => save.mutate()}
      error={save.error}
      end={
        <Button type="submit" variant="filled" loading={save.isPending} disabled={!text.trim()}>
          {t("save")}
        </Button>
      }
    >
      <Textarea
        label={t(`${kind}.field`)}
        description={t(`${kind}.hint`)}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        maxLength={kind === "note" ? 4000 : 200}
        rows={kind === "note" ? 6 : 2}
        required
        data-autofocus
      />
    </Form>
  );
}

/** The message nodes of a journey that can be sent by hand. */
function templatesOf(journey: JourneyDetail | undefined) {
  const nodes = journey?.graph?.nodes ?? [];
  return nodes.filter((node) => node.template !== null && node.template !== undefined);
}

function Send({ customer, onDone }: Props) {
  const { t } = useTranslation(["customers", "messages"]);
  const lang = useLang();
  const go = useGo();
  const [journey, setJourney] = useState<string | null>(null);
  const [node, setNode] = useState<string | null>(null);
  const [order, setOrder] = useState<string | null>(null);
  const [key, setKey] = useState(freshKey);
  const journeys = useGet<Page<JourneyRow>>("/journeys", { topics: ["journeys"] });
  const detail = useGet<JourneyDetail>(`/journeys/${encodeURIComponent(journey ?? "")}`, {
    topics: ["journeys"],
    enabled: journey !== null,
    keep: false,
  });
  const orders = useList<OrderRow>(`/customers/${customer.id}/orders`, { topics: ["orders"] });
  const sends = templatesOf(detail.data);
  const chosen = sends.find((one) => one.id === node);
  const needsOrder = journeys.data?.items.find((one) => one.id === journey)?.key_by;
  const send = useChange(
    () =>
      api.post<MessageRow>(
        `/customers/${customer.id}/send`,
        { journey, step: chosen?.step, template: chosen?.template, order_id: order ?? undefined },
        { idempotencyKey: key },
      ),
    {
      topics: ["messages", "customers", "counters"],
      onDone: (message) => {
        onDone();
        go(`/messages/${message.id}`);
      },
    },
  );
  // After any change the next press is another message, not a repeat of the one before.
  const change = (set: (value: string | null) => void) => (value: string | null) => {
    set(value);
    setKey(freshKey());
    send.reset();
  };
  const heldBack =
    send.error instanceof ApiProblem && send.error.code === "held_back"
      ? (send.error.body.why as { it?: string; en?: string } | undefined)
      : undefined;
  return (
    <Form
      onSubmit={() => send.mutate()}
      error={heldBack ? null : send.error}
      end={
        <Button type="submit" variant="filled" loading={send.isPending} disabled={!chosen}>
          {t("send.do")}
        </Button>
      }
    >
      <p className="muted">{t("send.hint")}</p>
      {heldBack && (
        <Notice tone="attention" title={t("send.held_back")} live>
          {heldBack[lang]}
        </Notice>
      )}
      <Select
        label={t("send.journey")}
        data={(journeys.data?.items ?? []).map((one) => ({
          value: one.id,
          label: pick(lang, one, "name") || one.id,
        }))}
        value={journey}
        onChange={change((value) => {
          setJourney(value);
          setNode(null);
        })}
        required
        data-autofocus
      />
      <Select
        label={t("send.template")}
        data={sends.map((one) => ({
          value: one.id,
          label: `${pick(lang, one, "template") || pick(lang, one, "label")}${one.channel ? ` · ${t(`messages:channel.${one.channel}`)}` : ""}`,
        }))}
        value={node}
        onChange={change(setNode)}
        disabled={!journey || sends.length === 0}
        required
      />
      <Select
        label={t("send.order")}
        description={t("send.order_hint")}
        data={(orders.items ?? []).map((one) => ({ value: one.id, label: one.number }))}
        value={order}
        onChange={change(setOrder)}
        allowDeselect
        clearable
        required={needsOrder === "order" || needsOrder === "parcel"}
        disabled={orders.items?.length === 0}
      />
    </Form>
  );
}

function Stop({ customer, onDone }: Props) {
  const { t } = useTranslation("customers");
  const stop = useChange(
    () =>
      api.post<{ withdrawn: number; stopped_runs: number }>(`/customers/${customer.id}/stop`, {}),
    { topics: ["customers", "journeys", "messages"] },
  );
  if (stop.data) {
    return (
      <>
        <Notice tone="good" title={t("stop.done")} live>
          {t("stop.came", { consents: stop.data.withdrawn, runs: stop.data.stopped_runs })}
        </Notice>
        <Button onClick={onDone}>{t("common:close")}</Button>
      </>
    );
  }
  return (
    <Form
      onSubmit={() => stop.mutate()}
      error={stop.error}
      end={
        <Button type="submit" variant="filled" color="bad" loading={stop.isPending} data-autofocus>
          {t("stop.do")}
        </Button>
      }
    >
      <p>{t("stop.what")}</p>
      <p className="muted">{t("stop.still")}</p>
    </Form>
  );
}

function Edit({ customer, onDone }: Props) {
  const { t } = useTranslation("customers");
  const [first, setFirst] = useState(customer.first_name ?? "");
  const [last, setLast] = useState(customer.last_name ?? "");
  const [locale, setLocale] = useState(customer.locale ?? "it");
  const [province, setProvince] = useState(customer.province ?? "");
  const [tags, setTags] = useState(customer.tags.join(", "));
  const [minor, setMinor] = useState(customer.minor === true);
  const save = useChange(
    () => {
      const words = tags.split(",").map((tag) => tag.trim());
      return api.patch(`/customers/${customer.id}`, {
        first_name: first.trim() || null,
        last_name: last.trim() || null,
        ...(locale === (customer.locale ?? "it") ? {} : { locale }),
        province: province || null,
        tags: words.filter(Boolean),
        // Not told is not the same as of age: only a change is sent.
        ...(minor === (customer.minor === true) ? {} : { minor }),
      });
    },
    { topics: ["customers"], onDone },
  );
  return (
    <Form
      onSubmit={() => save.mutate()}
      error={save.error}
      end={
        <Button type="submit" variant="filled" loading={save.isPending}>
          {t("save")}
        </Button>
      }
    >
      <TextInput
        label={t("field.first_name")}
        value={first}
        onChange={(event) => setFirst(event.currentTarget.value)}
        maxLength={100}
        data-autofocus
      />
      <TextInput
        label={t("field.last_name")}
        value={last}
        onChange={(event) => setLast(event.currentTarget.value)}
        maxLength={100}
      />
      <Select
        label={t("field.locale")}
        data={["it", "en"].map((value) => ({ value, label: t(`language.${value}`) }))}
        value={locale}
        onChange={(value) => setLocale(value ?? "it")}
      />
      <Select
        label={t("field.province")}
        data={[
          { value: "", label: t("filter.any") },
          ...PROVINCES.map(([value, name]) => ({ value, label: `${name} (${value})` })),
        ]}
        value={province}
        onChange={(value) => setProvince(value ?? "")}
        searchable
      />
      <TextInput
        label={t("field.tags")}
        description={t("field.tags_hint")}
        value={tags}
        onChange={(event) => setTags(event.currentTarget.value)}
      />
      <Checkbox
        label={t("field.minor")}
        description={t("field.minor_hint")}
        checked={minor}
        onChange={(event) => setMinor(event.currentTarget.checked)}
      />
    </Form>
  );
}

function Forget({ customer }: Props) {
  const { t } = useTranslation("customers");
  const go = useGo();
  const word = customer.email ?? customer.id;
  const [typed, setTyped] = useState("");
  const same = typed.trim().toLowerCase() === word.toLowerCase();
  const forget = useChange(
    () => api.post(`/customers/${customer.id}/forget`, { confirm: typed.trim() }),
    { topics: ["customers", "orders", "messages"], onDone: () => go("/customers") },
  );
  return (
    <Form
      onSubmit={() => same && forget.mutate()}
      error={forget.error}
      end={
        <Button
          type="submit"
          variant="filled"
          color="bad"
          loading={forget.isPending}
          disabled={!same}
        >
          {t("forget.do")}
        </Button>
      }
    >
      <p>{t("forget.what")}</p>
      <p className="muted">{t("forget.first")}</p>
      <TextInput
        label={t("forget.type", { word })}
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
        autoComplete="off"
        spellCheck={false}
        data-autofocus
      />
    </Form>
  );
}
