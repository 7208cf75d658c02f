import { Button } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { ApiProblem, api, freshKey } from "../../api/client";
import { useChange } from "../../api/hooks";
import { useSession } from "../../api/session";
import { useFormat } from "../../ui/format";
import { Notice } from "../../ui/notice";
import { useProblem } from "../../ui/problem";
import css from "./orders.module.css";
import type { ParcelAsk, ParcelFull } from "./types";

/** Why a question was not taken, from the problem's code. */
const NOT_ASKED = /^ask_(\w+)$/;

/** "Ask the courier now": what came of the last question, whether another may be asked, and the button. */
export function AskCourier({
  orderId,
  seq,
  ask,
  troubled,
}: {
  orderId: string;
  seq: number;
  ask: ParcelAsk;
  /** Whether something is wrong with the parcel; where nothing is, nothing is said of what cannot be asked. */
  troubled: boolean;
}) {
  const { t } = useTranslation("parcels");
  const format = useFormat();
  const { may } = useSession();
  const send = useChange<void, ParcelFull>(
    () =>
      api.post<ParcelFull>(
        `/orders/${encodeURIComponent(orderId)}/parcels/${seq}/ask-courier`,
        {},
        // Another tap is another question.
        { idempotencyKey: freshKey() },
      ),
    { topics: ["orders"] },
  );
  const { words } = useProblem(send.error);
  const refused = send.error instanceof ApiProblem ? NOT_ASKED.exec(send.error.code)?.[1] : null;
  const { last, standing } = ask;
  const said = last
    ? t(`ask.answer.${last.answer ?? "open"}`, {
        who: t(`ask.who.${last.by}`),
        at: format.dateTime(last.at),
        when: format.dateTime(last.answered_at ?? last.at),
      })
    : null;
  const button = standing === "free" && may("orders:write");
  const why = troubled ? notAsked(standing) : null;
  if (!said && !button && !why && !words) {
    return null;
  }
  function notAsked(name: string): string | null {
    switch (name) {
      case "asked":
        return ask.again_at ? t("ask.not.asked", { when: format.dateTime(ask.again_at) }) : null;
      case "looked":
        return ask.looked_at ? t("ask.not.looked", { when: format.dateTime(ask.looked_at) }) : null;
      case "day_over":
      case "by_itself":
      case "busy":
        return t(`ask.not.${name}`);
      default:
        return null;
    }
  }
  return (
    <div className={css.ask}>
      {words && (
        <Notice
          tone={refused ? "attention" : "bad"}
          live
          title={refused ? t("ask.refused") : words.title}
        >
          {refused ? t(`ask.why.${refused}`, { defaultValue: words.text }) : words.text}
        </Notice>
      )}
      {said && <p role="status">{said}</p>}
      {why && <p className="muted">{why}</p>}
      {button && (
        <div className={css.askNow}>
          <Button loading={send.isPending} onClick={() => send.mutate()}>
            {t("ask.button")}
          </Button>
          <span className="muted">{t("ask.hint")}</span>
        </div>
      )}
    </div>
  );
}
