import { useTranslation } from "react-i18next";
import { PageHead } from "../../ui/page-head";
import { Await } from "../../ui/states";
import { useDraft, useShop } from "./parts/draft";
import { LiveSwitch } from "./parts/live-switch";
import { Notices } from "./parts/notices";
import { SettingsForm } from "./parts/save-bar";
import { Identity, Seller } from "./parts/seller";
import type { Shop } from "./parts/types";

/** The shop: whether it is live, its name and voice, who sells, what the platform sends. */
export default function ShopSettings() {
  const { t } = useTranslation("settings");
  const query = useShop();
  return (
    <>
      <PageHead title={t("shop.title")} sentence={t("shop.sentence")} />
      <Await query={query}>{(shop) => <Form shop={shop} />}</Await>
    </>
  );
}

function Form({ shop }: { shop: Shop }) {
  const draft = useDraft(shop);
  return (
    <>
      <LiveSwitch shop={shop} />
      <SettingsForm draft={draft} extra={{ platform_notices_declared: true }}>
        <Identity draft={draft} />
        <Seller draft={draft} shop={shop} />
        <Notices draft={draft} />
      </SettingsForm>
    </>
  );
}
