import { Checkbox, NativeSelect, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Fields, Section } from "../../../ui/section";
import type { Draft } from "./draft";
import { Locks } from "./locks";
import type { Shop } from "./types";

/** Who sells (D.Lgs. 70/2003 art. 7, DPR 633/1972 art. 35). */
export function Seller({ draft, shop }: { draft: Draft; shop: Shop }) {
  const { t } = useTranslation("settings");
  const field = (name: string, more: { optional?: boolean } = {}) => ({
    label: t(`seller.${name}`),
    ...draft.text(`seller.${name}`, more),
  });
  return (
    <Section title={t("seller.title")}>
      <Fields>
        <TextInput {...field("legal_name")} autoComplete="organization" />
        <TextInput {...field("address")} autoComplete="street-address" />
        <TextInput {...field("email")} type="email" autoComplete="email" />
        <TextInput
          {...field("phone")}
          type="tel"
          autoComplete="tel"
          description={t("seller.phoneHelp")}
          inputWrapperOrder={ORDER}
        />
        <TextInput
          {...field("vat_number")}
          description={t("seller.vatHelp")}
          inputWrapperOrder={ORDER}
        />
        <TextInput {...field("rea")} description={t("seller.reaHelp")} inputWrapperOrder={ORDER} />
        <TextInput
          {...field("share_capital", { optional: true })}
          description={t("seller.capitalHelp")}
          inputWrapperOrder={ORDER}
        />
        <TextInput
          {...field("adr", { optional: true })}
          description={t("seller.adrHelp")}
          inputWrapperOrder={ORDER}
        />
      </Fields>
      <div style={{ marginTop: 16 }}>
        <Locks locked={shop.locked} fields={["seller"]} />
      </div>
    </Section>
  );
}

/** The help stands under its field. */
export const ORDER: ("label" | "input" | "description" | "error")[] = [
  "label",
  "input",
  "error",
  "description",
];

/** The shop's name, voice and pages. */
export function Identity({ draft }: { draft: Draft }) {
  const { t } = useTranslation("settings");
  return (
    <>
      <Section title={t("identity.title")}>
        <Fields>
          <TextInput
            label={t("identity.name")}
            description={t("identity.nameHelp")}
            inputWrapperOrder={ORDER}
            {...draft.text("name")}
          />
          <TextInput
            label={t("identity.from_email")}
            description={t("identity.fromHelp")}
            inputWrapperOrder={ORDER}
            type="email"
            {...draft.text("from_email")}
          />
          <TextInput
            label={t("identity.reply_to")}
            description={t("identity.replyHelp")}
            inputWrapperOrder={ORDER}
            type="email"
            {...draft.text("reply_to", { optional: true })}
          />
          <NativeSelect
            label={t("identity.register")}
            description={t("identity.registerHelp")}
            inputWrapperOrder={ORDER}
            data={[
              { value: "tu", label: t("identity.tu") },
              { value: "lei", label: t("identity.lei") },
            ]}
            {...draft.choice("register")}
          />
          <NativeSelect
            label={t("identity.locale")}
            data={[
              { value: "it", label: "Italiano" },
              { value: "en", label: "English" },
            ]}
            {...draft.choice("locale")}
          />
          <TextInput label={t("identity.time_zone")} {...draft.text("time_zone")} />
        </Fields>
      </Section>
      <Section title={t("pages.title")}>
        <Fields>
          <TextInput
            label={t("pages.storefront_url")}
            type="url"
            {...draft.text("storefront_url", { optional: true })}
          />
          <TextInput
            label={t("pages.logo_url")}
            type="url"
            {...draft.text("logo_url", { optional: true })}
          />
          <TextInput
            label={t("pages.terms_url")}
            type="url"
            {...draft.text("terms_url", { optional: true })}
          />
          <TextInput
            label={t("pages.privacy_url")}
            type="url"
            {...draft.text("privacy_url", { optional: true })}
          />
          <TextInput
            label={t("pages.accent")}
            description={t("pages.accentHelp")}
            inputWrapperOrder={ORDER}
            placeholder="#a8481f"
            {...draft.text("accent", { optional: true })}
          />
          <TextInput
            label={t("pages.coupon_prefix")}
            description={t("pages.couponHelp")}
            inputWrapperOrder={ORDER}
            {...draft.text("coupon_prefix")}
          />
          <TextInput
            label={t("pages.pages_domain")}
            description={t("pages.domainHelp")}
            inputWrapperOrder={ORDER}
            placeholder="ordini.bottega.it"
            autoCapitalize="off"
            spellCheck={false}
            {...draft.text("pages_domain", { optional: true })}
          />
        </Fields>
        <Checkbox
          style={{ marginTop: 16 }}
          label={t("pages.products_on_page")}
          description={t("pages.productsHelp")}
          disabled={draft.readOnly}
          checked={draft.draft.products_on_page}
          onChange={(event) => draft.set("products_on_page", event.currentTarget.checked)}
        />
      </Section>
    </>
  );
}
