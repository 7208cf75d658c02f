import { useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api } from "../../../api/client";
import { useChange } from "../../../api/hooks";
import { useSession } from "../../../api/session";
import { ConfirmButton } from "../../../ui/confirm";
import { useFormat } from "../../../ui/format";
import { Link } from "../../../ui/link";
import { Notice } from "../../../ui/notice";
import { problemWords } from "../../../ui/problem";
import type { Shop } from "./types";

/** Whether messages really leave, and the way back to trial. */
export function LiveSwitch({ shop }: { shop: Shop }) {
  const { t } = useTranslation("settings");
  const { t: common } = useTranslation();
  const { may } = useSession();
  const format = useFormat();
  const queries = useQueryClient();
  const stop = useChange<void>(() => api.del("/shop/live"), {
    topics: ["settings"],
    onDone: () => void queries.invalidateQueries({ queryKey: ["session"] }),
  });
  const failed = stop.error ? problemWords(common, stop.error) : null;
  const since = shop.settings.live_since;
  return (
    <>
      {failed && (
        <Notice tone="bad" live title={failed.title}>
          {failed.text}
        </Notice>
      )}
      {shop.live ? (
        <Notice
          tone="good"
          title={since ? t("live.onSince", { day: format.day(since) }) : t("live.on")}
          actions={
            may("shop:live") && (
              <ConfirmButton
                size="xs"
                question={t("live.stopQuestion")}
                sure={t("live.stopSure")}
                onConfirm={() => stop.mutate()}
              >
                {t("live.stop")}
              </ConfirmButton>
            )
          }
        >
          {t("live.onText")}
        </Notice>
      ) : (
        <Notice
          tone="attention"
          title={t("live.off")}
          actions={<Link to="/setup">{t("live.go")}</Link>}
        >
          {t("live.offText")}
        </Notice>
      )}
    </>
  );
}
