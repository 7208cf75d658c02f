import { useTranslation } from "react-i18next";
import { PageHead } from "../../ui/page-head";
import { DomainRecords } from "./parts/domain-records";

/** The sender's domain: what DNS must say for mail to arrive. */
export default function DomainPage() {
  const { t } = useTranslation("settings");
  return (
    <>
      <PageHead title={t("domain.title")} sentence={t("domain.sentence")} />
      <DomainRecords />
    </>
  );
}
