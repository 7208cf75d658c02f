import { NativeSelect, NumberInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { PageHead } from "../../ui/page-head";
import { Fields, Section } from "../../ui/section";
import { Await } from "../../ui/states";
import { type Draft, useDraft, useShop } from "./parts/draft";
import { Hours } from "./parts/hours";
import { Locks } from "./parts/locks";
import { SettingsForm } from "./parts/save-bar";
import { ORDER } from "./parts/seller";
import type { Shop } from "./parts/types";

/** When and how often one may write, and what is measured; the law's own part is locked. */
export default function Sending() {
  const { t } = useTranslation("settings");
  const query = useShop();
  return (
    <>
      <PageHead title={t("sending.title")} sentence={t("sending.sentence")} />
      <Await query={query}>{(shop) => <Form shop={shop} />}</Await>
    </>
  );
}

function Form({ shop }: { shop: Shop }) {
  const { t } = useTranslation("settings");
  const draft = useDraft(shop);
  return (
    <SettingsForm draft={draft}>
      <Section title={t("sending.never")}>
        <Locks locked={shop.locked} fields={["purposes"]} />
      </Section>
      <Section title={t("hours.title")}>
        <Hours draft={draft} kind="promo_message" />
        <Hours draft={draft} kind="marketing_email" />
        <Hours draft={draft} kind="service_message" />
        <Hours draft={draft} kind="promo_call" />
        <Locks locked={shop.locked} fields={["quiet_hours"]} />
      </Section>
      <Section title={t("caps.title")}>
        <p className="muted" style={{ marginBottom: 16 }}>
          {t("caps.text")}
        </p>
        <Fields>
          {(
            ["email_per_7_days", "sms_per_30_days", "push_per_7_days", "all_per_7_days"] as const
          ).map((cap) => (
            <NumberInput
              key={cap}
              label={t(`caps.${cap}`)}
              max={30}
              allowDecimal={false}
              {...draft.number(`caps.${cap}`)}
            />
          ))}
        </Fields>
      </Section>
      <Section title={t("mix.title")}>
        <p className="muted" style={{ marginBottom: 16, maxWidth: "68ch" }}>
          {t("mix.text")}
        </p>
        <Fields>
          <NumberInput
            label={t("mix.promo_percent_max")}
            suffix=" %"
            max={30}
            allowDecimal={false}
            {...draft.number("mix.promo_percent_max")}
          />
          <NumberInput
            label={t("mix.window_days")}
            max={365}
            allowDecimal={false}
            {...draft.number("mix.window_days")}
          />
        </Fields>
      </Section>
      <Section title={t("tracking.title")}>
        <Fields>
          <Tracking draft={draft} what="open" />
          <Tracking draft={draft} what="click" />
        </Fields>
        <div style={{ marginTop: 16 }}>
          <Locks
            locked={shop.locked}
            fields={["tracking_open_default", "tracking_click_default"]}
          />
        </div>
      </Section>
      <Section title={t("rest.title")}>
        <Fields>
          <NumberInput
            label={t("rest.soft_spam_months")}
            description={t("rest.softSpamHelp")}
            inputWrapperOrder={ORDER}
            max={24}
            allowDecimal={false}
            {...draft.number("soft_spam_months")}
          />
          <NumberInput
            label={t("rest.sunset_months")}
            description={t("rest.sunsetHelp")}
            inputWrapperOrder={ORDER}
            max={24}
            allowDecimal={false}
            {...draft.number("sunset_months")}
          />
        </Fields>
      </Section>
    </SettingsForm>
  );
}

function Tracking({ draft, what }: { draft: Draft; what: "open" | "click" }) {
  const { t } = useTranslation("settings");
  return (
    <NativeSelect
      label={t(`tracking.${what}`)}
      data={[
        { value: "off", label: t("tracking.off") },
        { value: "aggregate", label: t("tracking.aggregate") },
        { value: "identified", label: t("tracking.identified"), disabled: true },
      ]}
      {...draft.choice(`tracking_${what}_default`)}
    />
  );
}
