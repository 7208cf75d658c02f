import { Button } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { api } from "../../../api/client";
import { useChange, useGet, useList } from "../../../api/hooks";
import { useSession } from "../../../api/session";
import type { Schemas } from "../../../api/types";
import { ConfirmButton } from "../../../ui/confirm";
import { CopyField } from "../../../ui/copy";
import { Time } from "../../../ui/format";
import { Notice } from "../../../ui/notice";
import { useProblem } from "../../../ui/problem";
import { FormEnd, Section } from "../../../ui/section";
import { Await } from "../../../ui/states";
import { Status } from "../../../ui/status";
import { SecretForm } from "./connect";

type Hook = Schemas["CourierHook"];
type Delivery = Schemas["Delivery"];

/** Addresses at which couriers and collectors tell by themselves. */
export function CourierHooks() {
  const { t } = useTranslation("settings");
  const query = useGet<Schemas["CourierHooks"]>("/courier-hooks", {
    topics: ["settings", "inbox"],
  });
  return (
    <Await query={query}>
      {({ items }) =>
        items.length > 0 && (
          <Section title={t("couriers.hooks.title")}>
            <p className="muted" style={{ marginBottom: 16, maxWidth: "68ch" }}>
              {t("couriers.hooks.text")}
            </p>
            {items.map((hook) => (
              <OneHook key={hook.source} hook={hook} />
            ))}
          </Section>
        )
      }
    </Await>
  );
}

function OneHook({ hook }: { hook: Hook }) {
  const { t } = useTranslation("settings");
  const { may } = useSession();
  const remove = useChange<void>(() => api.del(`/connections/${encodeURIComponent(hook.source)}`), {
    topics: ["settings", "inbox"],
  });
  const { words } = useProblem(remove.error);
  return (
    <details style={{ borderTop: "1px solid var(--line)", padding: "12px 0" }}>
      <summary>
        <strong>{hook.title}</strong>{" "}
        <Status tone={hook.configured ? "good" : "neutral"}>
          {t(hook.configured ? "couriers.hooks.set" : "couriers.hooks.unset")}
        </Status>{" "}
        <span className="muted">
          {hook.last_at ? (
            <>
              {t("couriers.hooks.last")} <Time at={hook.last_at} />
            </>
          ) : (
            t("couriers.hooks.never")
          )}
        </span>
      </summary>
      <div style={{ display: "grid", gap: 12, paddingTop: 12 }}>
        {words && (
          <Notice tone="bad" live title={words.title}>
            {words.text}
          </Notice>
        )}
        <CopyField label={t("couriers.hooks.address")} value={hook.hook_url} />
        {may("connections:write") && (
          <>
            <p className="muted">
              {t(`couriers.hooks.how.${hook.source}`, {
                defaultValue: t("couriers.hooks.howOther"),
              })}
            </p>
            <SecretForm source={hook.source} />
            {hook.configured && (
              <>
                <p className="muted">{t("couriers.hooks.rotate")}</p>
                <FormEnd>
                  <ConfirmButton
                    question={t("couriers.hooks.removeQuestion")}
                    sure={t("couriers.hooks.removeSure")}
                    onConfirm={() => remove.mutate()}
                  >
                    {t("couriers.hooks.remove")}
                  </ConfirmButton>
                </FormEnd>
              </>
            )}
          </>
        )}
      </div>
    </details>
  );
}

/** Words that did not reach the shop's platform; nothing where all did. */
export function WriteBacks() {
  const { t } = useTranslation("settings");
  const { may } = useSession();
  const topics = ["settings"] as const;
  const list = useList<Delivery>("/write-backs", { query: { status: "failed" }, topics });
  const replay = useChange<string>((id) => api.post(`/deliveries/${id}/replay`), { topics });
  const { words } = useProblem(replay.error);
  if (!list.items || list.items.length === 0) {
    return null;
  }
  return (
    <Section title={t("couriers.writeBacks.title")}>
      <p className="muted" style={{ marginBottom: 16, maxWidth: "68ch" }}>
        {t("couriers.writeBacks.text")}
      </p>
      {words && (
        <Notice tone="bad" live title={words.title}>
          {words.text}
        </Notice>
      )}
      <ul style={{ listStyle: "none", padding: 0, display: "grid", gap: 12 }}>
        {list.items.map((one) => (
          <li key={one.id} style={{ display: "flex", gap: 12, flexWrap: "wrap" }}>
            <span style={{ flex: "1 1 24ch", overflowWrap: "anywhere" }}>
              <Time at={one.created_at} /> · {one.error}
            </span>
            {may("webhooks:write") && (
              <Button
                size="xs"
                loading={replay.isPending && replay.variables === one.id}
                onClick={() => replay.mutate(one.id)}
              >
                {t("couriers.writeBacks.again")}
              </Button>
            )}
          </li>
        ))}
      </ul>
    </Section>
  );
}
