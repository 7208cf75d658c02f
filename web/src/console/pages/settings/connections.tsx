import { useTranslation } from "react-i18next";
import { useGet } from "../../api/hooks";
import type { Page } from "../../api/types";
import { PageHead } from "../../ui/page-head";
import { Await } from "../../ui/states";
import { Connect, type Connection } from "./parts/connect";

/** What the shop is connected to, and how it fares. */
export default function Connections() {
  const { t } = useTranslation("settings");
  const query = useGet<Page<Connection>>("/connections", { topics: ["settings", "inbox"] });
  return (
    <>
      <PageHead title={t("connect.title")} sentence={t("connect.sentence")} />
      <Await query={query}>
        {({ items }) =>
          items.map((connection) => (
            <Connect key={connection.source} connection={connection} open={false} />
          ))
        }
      </Await>
    </>
  );
}
