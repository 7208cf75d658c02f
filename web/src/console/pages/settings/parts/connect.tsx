import { Button, PasswordInput } from "@mantine/core";
import { IconExternalLink } from "@tabler/icons-react";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../../api/client";
import { useChange } from "../../../api/hooks";
import { useSession } from "../../../api/session";
import type { Schemas, With } from "../../../api/types";
import { useLang } from "../../../i18n/lang";
import { CopyField } from "../../../ui/copy";
import { Time } from "../../../ui/format";
import { Link } from "../../../ui/link";
import { Notice } from "../../../ui/notice";
import { useProblem } from "../../../ui/problem";
import { FormEnd, Section } from "../../../ui/section";
import { Status, type Tone } from "../../../ui/status";
import { Why } from "../../../ui/why";
import css from "./connect.module.css";

/** One row of `GET /connections` */
export type Connection = With<
  Schemas["Connection"],
  { health: "good" | "quiet" | "trouble" | "never" }
>;

/** Topics that Shopify must be told to send. */
const SHOPIFY_TOPICS = [
  "orders/create",
  "orders/updated",
  "orders/cancelled",
  "fulfillments/create",
  "fulfillments/update",
  "refunds/create",
  "customers/update",
  "checkouts/update",
];

const WOO_TOPICS = ["Order created", "Order updated", "Customer created", "Customer updated"];

const TONES: Record<Connection["health"], Tone> = {
  good: "good",
  quiet: "attention",
  trouble: "bad",
  never: "neutral",
};

/** One connection: how it fares, and step by step how to make it. */
export function Connect({ connection, open }: { connection: Connection; open?: boolean }) {
  const { t } = useTranslation("settings");
  const lang = useLang();
  const { may } = useSession();
  // Only at first: what is open stays so when the secret has been saved.
  const [shown] = useState(open ?? !connection.configured);
  const known = ["shopify", "woocommerce", "events"].includes(connection.source);
  const name = known ? t(`connect.${connection.source}.name`) : connection.source;
  return (
    <Section
      title={name}
      aside={
        <Status tone={TONES[connection.health]}>{t(`connect.health.${connection.health}`)}</Status>
      }
    >
      <p>{connection[lang]}</p>
      <p className="muted">
        {connection.last_at && (
          <>
            {t("connect.last")} <Time at={connection.last_at} />
            {connection.last_topic && ` · ${connection.last_topic}`}
          </>
        )}
        {connection.failed > 0 && (
          <>
            {" · "}
            <Link to={`/inbox?status=failed&source=${connection.source}`}>
              {t("connect.failed", { count: connection.failed })}
            </Link>
          </>
        )}
        {connection.waiting > 0 && ` · ${t("connect.waiting", { count: connection.waiting })}`}
      </p>
      {known && may("connections:write") && (
        <details className={css.how} open={shown}>
          <summary>{connection.configured ? t("connect.change") : t("connect.how")}</summary>
          {connection.source === "events" ? (
            <Own connection={connection} />
          ) : (
            <Platform connection={connection} />
          )}
        </details>
      )}
    </Section>
  );
}

function Platform({ connection }: { connection: Connection }) {
  const { t } = useTranslation("settings");
  const { source } = connection;
  const topics = source === "shopify" ? SHOPIFY_TOPICS : WOO_TOPICS;
  return (
    <ol className={css.steps}>
      <li>
        <p>{t(`connect.${source}.open`)}</p>
      </li>
      <li>
        <p>{t(`connect.${source}.address`)}</p>
        <CopyField label={t("connect.hook")} value={connection.hook_url} />
      </li>
      <li>
        <p>
          {t(`connect.${source}.topics`)}{" "}
          <Why label={t("connect.why")}>{t(`connect.${source}.topicsWhy`)}</Why>
        </p>
        <ul className={css.topics}>
          {topics.map((topic) => (
            <li key={topic}>
              <code className="mono">{topic}</code>
            </li>
          ))}
        </ul>
      </li>
      <li>
        <p>{t(`connect.${source}.secret`)}</p>
        <SecretForm source={source} />
      </li>
      <li>
        <p>
          {t("connect.send")} <IconExternalLink size={14} aria-hidden />
        </p>
      </li>
    </ol>
  );
}

/** A field for the secret of a source, which is never shown again. */
export function SecretForm({ source }: { source: string }) {
  const { t } = useTranslation("settings");
  const [secret, setSecret] = useState("");
  const save = useChange<string>((value) => api.put(`/connections/${source}`, { secret: value }), {
    topics: ["settings", "inbox"],
    onDone: () => setSecret(""),
  });
  const { words, field } = useProblem(save.error);
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate(secret.trim());
  };
  return (
    <form onSubmit={onSubmit}>
      {words && (
        <Notice tone="bad" live title={words.title}>
          {words.text}
        </Notice>
      )}
      {save.isSuccess && (
        <Notice tone="good" live title={t("connect.secretSaved")}>
          {t("connect.secretSavedText")}
        </Notice>
      )}
      <PasswordInput
        label={t("connect.secretLabel")}
        autoComplete="off"
        required
        withAsterisk={false}
        value={secret}
        error={field("secret")}
        visibilityToggleButtonProps={{ "aria-label": t("connect.secretShow"), tabIndex: 0 }}
        onChange={(event) => setSecret(event.currentTarget.value)}
      />
      <FormEnd>
        <Button type="submit" loading={save.isPending} disabled={secret.trim() === ""}>
          {t("connect.secretSave")}
        </Button>
      </FormEnd>
    </form>
  );
}

function Own({ connection }: { connection: Connection }) {
  const { t } = useTranslation("settings");
  const make = useChange<void, { secret: string }>(
    () => api.post<{ secret: string }>("/connections/events/secret"),
    { topics: ["settings"] },
  );
  const { words } = useProblem(make.error);
  const secret = make.data?.secret;
  return (
    <ol className={css.steps}>
      <li>
        <p>{t("connect.events.address")}</p>
        <CopyField label={t("connect.hook")} value={connection.hook_url} />
      </li>
      <li>
        <p>{t("connect.events.secret")}</p>
        {words && (
          <Notice tone="bad" live title={words.title}>
            {words.text}
          </Notice>
        )}
        {secret ? (
          <>
            <Notice tone="attention" live title={t("connect.once")} />
            <CopyField label={t("connect.secretLabel")} value={secret} />
          </>
        ) : (
          <Button loading={make.isPending} onClick={() => make.mutate()}>
            {connection.configured ? t("connect.events.again") : t("connect.events.make")}
          </Button>
        )}
        {connection.configured && !secret && (
          <p className="muted">{t("connect.events.againText")}</p>
        )}
      </li>
    </ol>
  );
}
