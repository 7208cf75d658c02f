import { useTranslation } from "react-i18next";
import { EmptyState } from "../ui/empty";
import { Link } from "../ui/link";

/** An address where nothing is. */
export function NotFound() {
  const { t } = useTranslation("shell");
  return (
    <EmptyState title={t("notFound.title")} action={<Link to="/">{t("notFound.do")}</Link>}>
      {t("notFound.text")}
    </EmptyState>
  );
}
