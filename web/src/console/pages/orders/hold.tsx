import { Button, Radio, TextInput } from "@mantine/core";
// Nowhere else is one of few chosen so: not a part of the first view.
import "@mantine/core/styles/Radio.css";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, freshKey } from "../../api/client";
import { useChange } from "../../api/hooks";
import { useSession } from "../../api/session";
import { Time, useFormat } from "../../ui/format";
import { Notice } from "../../ui/notice";
import { useProblem } from "../../ui/problem";
import { Facts, Fields, FormEnd } from "../../ui/section";
import type { Tone } from "../../ui/status";
import css from "./orders.module.css";
import { HOLD_ACTIONS, type Hold, type HoldAction, type ParcelFull } from "./types";

const TONES: Record<string, Tone> = {
  asked: "neutral",
  accepted: "good",
  deferred: "neutral",
  refused: "bad",
  by_hand: "attention",
};

/** A hold at a depot: its clock, the answer and what became of it, and the shop's own answer. */
export function HoldSection({ orderId, seq, hold }: { orderId: string; seq: number; hold: Hold }) {
  const { t } = useTranslation("parcels");
  const format = useFormat();
  const { may } = useSession();
  const when = format.dateTime(hold.expires_at);
  return (
    <div className={css.hold}>
      <h3>{t(hold.early ? "hold.early_title" : "hold.title")}</h3>
      <p>
        {t(hold.early ? "hold.early_since" : "hold.since", { day: format.date(hold.opened_at) })}{" "}
        {hold.closed_at ? (
          t(hold.early ? "hold.early_closed" : "hold.closed", {
            when: format.dateTime(hold.closed_at),
          })
        ) : hold.early ? null : (
          <strong>{t(hold.expiry_told ? "hold.expires" : "hold.expires_usual", { when })}</strong>
        )}
      </p>
      <Facts
        items={[
          { label: t("hold.branch"), value: hold.branch ?? null },
          { label: t("hold.reference"), value: hold.reference ?? null },
        ]}
      />
      {hold.action && hold.outcome && (
        <Notice
          tone={TONES[hold.outcome] ?? "neutral"}
          title={t("hold.answered", {
            who: t(`hold.who.${hold.by ?? "shop"}`),
            action: t(`hold.action.${hold.action}`),
          })}
        >
          {t(`hold.outcome.${hold.outcome}`)}
          {hold.outcome_words && `: ${hold.outcome_words}`}
          {hold.answered_at && (
            <span className="muted">
              {" · "}
              <Time at={hold.answered_at} kind="short" />
            </span>
          )}
          {hold.address && (
            <div className="muted">
              {[hold.address.name, hold.address.street, hold.address.postal_code, hold.address.city]
                .filter(Boolean)
                .join(", ")}
            </div>
          )}
          {hold.awaits_answer && <div>{t("hold.again")}</div>}
        </Notice>
      )}
      {hold.awaits_answer && may("orders:write") && (
        <Answer orderId={orderId} seq={seq} hold={hold} />
      )}
    </div>
  );
}

const PARTS = ["name", "street", "postal_code", "city", "province"] as const;

function Answer({ orderId, seq, hold }: { orderId: string; seq: number; hold: Hold }) {
  const { t } = useTranslation("parcels");
  const format = useFormat();
  const [action, setAction] = useState<HoldAction | null>(null);
  const [parts, setParts] = useState<Record<string, string>>({});
  const [once, setOnce] = useState(freshKey);
  const send = useChange<object, ParcelFull>(
    (body) =>
      api.post<ParcelFull>(
        `/orders/${encodeURIComponent(orderId)}/parcels/${seq}/hold-answer`,
        body,
        { idempotencyKey: once },
      ),
    { topics: ["orders"] },
  );
  const { words, field } = useProblem(send.error);
  const text = (name: string, label: string, of = name) => (
    <TextInput
      label={t(`hold.${label}`)}
      value={parts[name] ?? ""}
      error={field(of)}
      onChange={(event) => {
        const { value } = event.currentTarget;
        setParts((before) => ({ ...before, [name]: value }));
      }}
    />
  );
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    const address = Object.fromEntries(PARTS.map((part) => [part, parts[part] || null]));
    send.mutate(
      {
        action,
        ...(action === "other_address" ? { address } : {}),
        phone: parts.phone || null,
        note: parts.note || null,
      },
      // Another try is another answer.
      { onError: () => setOnce(freshKey()) },
    );
  };
  return (
    <form onSubmit={onSubmit} noValidate>
      {words && (
        <Notice tone="bad" live title={words.title}>
          {words.text}
        </Notice>
      )}
      <Radio.Group
        label={t("hold.question")}
        value={action}
        error={field("action")}
        onChange={(next) => setAction(next as HoldAction)}
      >
        <div className={css.choices}>
          {HOLD_ACTIONS.map((one) => (
            <Radio key={one} value={one} label={t(`hold.action.${one}`)} />
          ))}
        </div>
      </Radio.Group>
      {(action === "redeliver" || action === "other_address") && (
        <Fields>
          {action === "other_address" &&
            PARTS.map((part) => <div key={part}>{text(part, part, `address.${part}`)}</div>)}
          {text("phone", "phone")}
          {text("note", "note")}
        </Fields>
      )}
      {action === "other_address" && field("address") && (
        <Notice tone="bad">{field("address")}</Notice>
      )}
      <FormEnd>
        <Button type="submit" variant="filled" disabled={!action} loading={send.isPending}>
          {t("hold.send")}
        </Button>
        <span className="muted">
          {t("hold.buyer_until", { when: format.dateTime(hold.buyer_until) })}
        </span>
      </FormEnd>
    </form>
  );
}
