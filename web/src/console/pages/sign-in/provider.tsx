import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import type { Schemas } from "../../api/types";
import { Alone } from "../../shell/alone";
import { Link, useGo } from "../../ui/link";
import { Notice } from "../../ui/notice";
import { problemWords } from "../../ui/problem";
import { useQueryState } from "../../ui/query-state";
import { Loading } from "../../ui/states";
import { safePath } from "./safe-path";
import css from "./sign-in.module.css";

/** Where the provider sends the browser back to: ends the sign-in and goes on. */
export default function FromProvider() {
  const { t } = useTranslation("access");
  const { t: common } = useTranslation();
  const queries = useQueryClient();
  const go = useGo();
  const [query] = useQueryState();
  // The address changes before this page goes.
  const [{ code, state }] = useState(query);
  const [error, setError] = useState<unknown>(null);
  const ended = useRef(false);

  useEffect(() => {
    document.title = `${t("signIn.title")} · Dopo`;
  }, [t]);
  useEffect(() => {
    // A code works once.
    if (ended.current || !code || !state) {
      return;
    }
    ended.current = true;
    const finish = async () => {
      try {
        const done = await api.post<Schemas["ProviderFinished"]>("/session/provider/finish", {
          code,
          state,
        });
        await queries.resetQueries({ queryKey: ["session"] });
        go(safePath(done.to), { replace: true });
      } catch (problem) {
        setError(problem);
      }
    };
    void finish();
  }, [code, state, queries, go]);

  const words = error
    ? problemWords(common, error)
    : !code || !state
      ? { title: t("provider.stopped"), text: t("provider.stoppedText") }
      : null;
  return (
    <Alone>
      <h1>{t("signIn.title")}</h1>
      {words ? (
        <>
          <Notice tone="bad" live title={words.title}>
            {words.text}
          </Notice>
          <p className={css.foot}>
            <Link to="/sign-in">{t("reset.back")}</Link>
          </p>
        </>
      ) : (
        <Loading />
      )}
    </Alone>
  );
}
