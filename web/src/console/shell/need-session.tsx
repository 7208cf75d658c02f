import { useQueryClient } from "@tanstack/react-query";
import { useLocation } from "@tanstack/react-router";
import { type ReactNode, useEffect } from "react";
import { api, whenSignedOut } from "../api/client";
import { SessionProvider, useSessionQuery } from "../api/session";
import { speak } from "../i18n/start";
import { writeSearch } from "../router-search";
import { useGo } from "../ui/link";
import { Failed, Loading } from "../ui/states";

/** Shows its inside to who is signed in; sends everybody else to where they can be. */
export function NeedSession({ children }: { children: ReactNode }) {
  const queries = useQueryClient();
  const session = useSessionQuery();
  const go = useGo();
  const location = useLocation();
  const locale = session.data?.user.locale ?? null;
  const out = session.data === null;
  const shopless = session.data ? session.data.shops.length === 0 : false;

  useEffect(() => {
    whenSignedOut(() => void queries.invalidateQueries({ queryKey: ["session"] }));
    return () => whenSignedOut(() => {});
  }, [queries]);

  useEffect(() => {
    // What somebody chose for their account holds on each of their devices.
    if (locale) {
      void speak(locale);
    }
  }, [locale]);

  const from = `${location.pathname.replace(/^\/console/, "")}${writeSearch(location.search)}`;
  useEffect(() => {
    if (!out) {
      return;
    }
    let gone = false;
    const leave = (needed: boolean) => {
      if (!gone) {
        const query = from === "/" || from === "" ? "" : writeSearch({ to: from });
        go(needed ? "/setup" : `/sign-in${query}`, { replace: true });
      }
    };
    api
      .get<{ needed: boolean }>("/setup")
      .then(({ needed }) => leave(needed))
      .catch(() => leave(false));
    return () => {
      gone = true;
    };
  }, [out, from, go]);

  useEffect(() => {
    if (shopless) {
      go("/setup", { replace: true });
    }
  }, [shopless, go]);

  if (session.data && !shopless) {
    return <SessionProvider session={session.data}>{children}</SessionProvider>;
  }
  if (session.error) {
    return <Failed error={session.error} retry={() => void session.refetch()} />;
  }
  return <Loading />;
}
