import { Button, TextInput } from "@mantine/core";
import {
  IconAlertTriangle,
  IconCircle,
  IconCircleCheck,
  IconCircleX,
  IconExternalLink,
} from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiProblem, api } from "../../api/client";
import { useChange, useGet } from "../../api/hooks";
import { useSession } from "../../api/session";
import type { Page } from "../../api/types";
import { pick, useLang } from "../../i18n/lang";
import { useLive } from "../../live";
import { Link, useGo } from "../../ui/link";
import { Notice } from "../../ui/notice";
import { useProblem } from "../../ui/problem";
import { useQueryState } from "../../ui/query-state";
import { FormEnd, Section } from "../../ui/section";
import { Await } from "../../ui/states";
import { Connect, type Connection } from "../settings/parts/connect";
import { DomainRecords } from "../settings/parts/domain-records";
import { useDraft, useShop } from "../settings/parts/draft";
import { Notices } from "../settings/parts/notices";
import { SettingsForm } from "../settings/parts/save-bar";
import { Identity, Seller } from "../settings/parts/seller";
import type { Checklist, Shop } from "../settings/parts/types";
import css from "./setup.module.css";

/** The steps, each with the items of the checklist that it settles. */
const STEPS = [
  { id: "identity", items: ["seller", "vat", "vat_digits", "adr", "sender"] },
  { id: "domain", items: ["spf", "dkim", "dmarc"] },
  { id: "connect", items: ["connection"] },
  { id: "notices", items: ["notices"] },
  { id: "test", items: [] },
  { id: "live", items: [] },
] as const;

type Step = (typeof STEPS)[number]["id"];
type State = "done" | "missing" | "warning" | "open";

const ICONS = {
  done: IconCircleCheck,
  missing: IconCircleX,
  warning: IconAlertTriangle,
  open: IconCircle,
} as const;

function stateOf(step: (typeof STEPS)[number], checklist: Checklist | undefined): State {
  if (step.id === "live") {
    return checklist?.live ? "done" : "open";
  }
  const states = (checklist?.items ?? [])
    .filter((item) => (step.items as readonly string[]).includes(item.id))
    .map((item) => item.state);
  if (states.length === 0) {
    return "open";
  }
  return states.every((state) => state === "done")
    ? "done"
    : states.includes("missing")
      ? "open"
      : "warning";
}

/** The steps of the shop one looks at, with what is settled. */
export function Steps() {
  const { t } = useTranslation("setup");
  const { shop } = useSession();
  useLive(shop.slug);
  const [query, setQuery] = useQueryState();
  const checklist = useGet<Checklist>("/shop/checklist", { topics: ["settings", "inbox"] });
  const first = STEPS.find((step) => stateOf(step, checklist.data) === "open")?.id ?? "live";
  const now: Step = STEPS.find((step) => step.id === query.step)?.id ?? first;
  const index = STEPS.findIndex((step) => step.id === now);
  const heading = useRef<HTMLHeadingElement>(null);
  const shown = useRef(now);
  useEffect(() => {
    if (shown.current !== now) {
      shown.current = now;
      heading.current?.focus();
      window.scrollTo({ top: 0 });
    }
  }, [now]);
  const next = () => setQuery({ step: STEPS[index + 1]?.id ?? "live" });
  return (
    <>
      <h1 ref={heading} tabIndex={-1} style={{ outline: "none" }}>
        {t(`step.${now}.title`)}
      </h1>
      <p className={css.lead}>{t(`step.${now}.text`)}</p>
      <div className={css.frame}>
        <nav aria-label={t("title")}>
          <ol className={css.steps}>
            {STEPS.map((step) => {
              const state = stateOf(step, checklist.data);
              const Icon = ICONS[state];
              return (
                <li key={step.id} data-state={state}>
                  <Link
                    to={`/setup?step=${step.id}`}
                    aria-current={step.id === now ? "step" : undefined}
                  >
                    <Icon size={18} aria-hidden />
                    <span>
                      {t(`step.${step.id}.name`)}
                      <span className="visually-hidden"> · {t(`state.${state}`)}</span>
                    </span>
                  </Link>
                </li>
              );
            })}
          </ol>
        </nav>
        <div>
          {now === "identity" && <IdentityStep onDone={next} />}
          {now === "domain" && <DomainRecords />}
          {now === "connect" && <ConnectStep />}
          {now === "notices" && <NoticesStep onDone={next} />}
          {now === "test" && <TestStep />}
          {now === "live" && <LiveStep checklist={checklist.data} />}
          <Foot>
            {index > 0 ? (
              <Button onClick={() => setQuery({ step: STEPS[index - 1]?.id })}>
                {t("before")}
              </Button>
            ) : (
              <span />
            )}
            {now !== "live" && (
              <Button onClick={next}>
                {stateOf(STEPS[index] ?? STEPS[0], checklist.data) === "done" || now === "test"
                  ? t("next")
                  : t("skip")}
              </Button>
            )}
          </Foot>
        </div>
      </div>
    </>
  );
}

function Foot({ children }: { children: ReactNode }) {
  return <div className={css.foot}>{children}</div>;
}

function WithShop({ children }: { children: (shop: Shop) => ReactNode }) {
  return <Await query={useShop()}>{children}</Await>;
}

function IdentityStep({ onDone }: { onDone: () => void }) {
  return <WithShop>{(shop) => <IdentityForm shop={shop} onDone={onDone} />}</WithShop>;
}

function IdentityForm({ shop, onDone }: { shop: Shop; onDone: () => void }) {
  const { t } = useTranslation("setup");
  const draft = useDraft(shop);
  return (
    <SettingsForm draft={draft} label={t("saveNext")} onSaved={onDone}>
      <Seller draft={draft} shop={shop} />
      <Identity draft={draft} />
    </SettingsForm>
  );
}

function NoticesStep({ onDone }: { onDone: () => void }) {
  return <WithShop>{(shop) => <NoticesForm shop={shop} onDone={onDone} />}</WithShop>;
}

function NoticesForm({ shop, onDone }: { shop: Shop; onDone: () => void }) {
  const { t } = useTranslation("setup");
  const draft = useDraft(shop);
  return (
    <SettingsForm
      draft={draft}
      label={t("saveNext")}
      onSaved={onDone}
      extra={{ platform_notices_declared: true }}
      always
    >
      <Notices draft={draft} />
    </SettingsForm>
  );
}

function ConnectStep() {
  const query = useGet<Page<Connection>>("/connections", { topics: ["settings", "inbox"] });
  return (
    <Await query={query}>
      {({ items }) => {
        const none = items.every((one) => !one.configured);
        return items
          .filter((one) => ["shopify", "woocommerce", "events"].includes(one.source))
          .map((one, index) => (
            <Connect key={one.source} connection={one} open={none && index === 0} />
          ));
      }}
    </Await>
  );
}

function TestStep() {
  const { t } = useTranslation("setup");
  const { user } = useSession();
  const [email, setEmail] = useState(user.email);
  const order = useChange<string, { order_id: string; page_url: string }>(
    (to) => api.post<{ order_id: string; page_url: string }>("/shop/test-order", { email: to }),
    { topics: ["orders", "messages", "customers"] },
  );
  const { words, field } = useProblem(order.error);
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    order.mutate(email.trim());
  };
  return (
    <Section>
      <form onSubmit={onSubmit}>
        {words && (
          <Notice tone="bad" live title={words.title}>
            {words.text}
          </Notice>
        )}
        {order.data && (
          <Notice
            tone="good"
            live
            title={t("test.done")}
            actions={
              <>
                <a href={order.data.page_url} target="_blank" rel="noreferrer">
                  {t("test.page")} <IconExternalLink size={14} aria-hidden />
                </a>
                <Link to={`/orders/${order.data.order_id}`}>{t("test.order")}</Link>
                <Link to="/messages">{t("test.messages")}</Link>
              </>
            }
          >
            {t("test.doneText")}
          </Notice>
        )}
        <TextInput
          label={t("test.email")}
          description={t("test.emailHelp")}
          inputWrapperOrder={["label", "input", "error", "description"]}
          type="email"
          required
          withAsterisk={false}
          maw={400}
          value={email}
          error={field("email")}
          onChange={(event) => setEmail(event.currentTarget.value)}
        />
        <FormEnd>
          <Button type="submit" variant="filled" loading={order.isPending}>
            {order.data ? t("test.again") : t("test.do")}
          </Button>
        </FormEnd>
      </form>
    </Section>
  );
}

function LiveStep({ checklist }: { checklist: Checklist | undefined }) {
  const { t } = useTranslation("setup");
  const lang = useLang();
  const { may } = useSession();
  const queries = useQueryClient();
  const go = useGo();
  const live = useChange<void>(() => api.post("/shop/live"), {
    topics: ["settings"],
    onDone: () => void queries.invalidateQueries({ queryKey: ["session"] }),
  });
  const { words } = useProblem(live.error);
  const refused = live.error instanceof ApiProblem && live.error.code === "not_ready";
  if (!checklist) {
    return null;
  }
  if (checklist.live) {
    return (
      <Notice
        tone="good"
        live
        title={t("live.done")}
        actions={
          <Button variant="filled" onClick={() => go("/")}>
            {t("live.open")}
          </Button>
        }
      >
        {t("live.doneText")}
      </Notice>
    );
  }
  const missing = checklist.items.filter((item) => item.state === "missing").length;
  return (
    <>
      {words && (
        <Notice tone="bad" live title={words.title}>
          {refused ? t("live.refused") : words.text}
        </Notice>
      )}
      <Section title={missing > 0 ? t("live.missing", { count: missing }) : t("live.ready")}>
        <ul className={css.check}>
          {checklist.items.map((item) => {
            const Icon = ICONS[item.state];
            const step = STEPS.find((one) => (one.items as readonly string[]).includes(item.id));
            return (
              <li key={item.id} data-state={item.state}>
                <Icon size={18} aria-hidden />
                <span>
                  <span className="visually-hidden">{t(`state.${item.state}`)}: </span>
                  {item[lang]}
                  {item.state !== "done" && (
                    <>
                      <br />
                      <span className="muted">{pick(lang, doing(item), "do")}</span>{" "}
                      {step && (
                        <Link to={`/setup?step=${step.id}`}>{t(`step.${step.id}.name`)}</Link>
                      )}
                    </>
                  )}
                </span>
              </li>
            );
          })}
        </ul>
        {may("shop:live") ? (
          <FormEnd>
            <Button
              variant="filled"
              size="md"
              disabled={!checklist.ready}
              loading={live.isPending}
              onClick={() => live.mutate()}
            >
              {t("live.go")}
            </Button>
            {!checklist.ready && <span className="muted">{t("live.notYet")}</span>}
          </FormEnd>
        ) : (
          <p className="muted">{t("live.notYours")}</p>
        )}
      </Section>
    </>
  );
}

function doing(item: Checklist["items"][number]): { do_it: string; do_en: string } {
  return { do_it: item.it_do, do_en: item.en_do };
}
