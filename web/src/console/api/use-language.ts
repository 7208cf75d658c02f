import { useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import type { Lang } from "../i18n/lang";
import { speak } from "../i18n/start";
import { api } from "./client";
import { useMaybeSession } from "./session";

/** Changes the language: here at once, and for who is signed in on each of their devices. */
export function useLanguage(): (language: Lang) => void {
  const queries = useQueryClient();
  const here = useMaybeSession();
  const keeps = here !== null && !here.demo;
  return useCallback(
    (language) => {
      void speak(language);
      if (keeps) {
        api
          .patch("/me", { locale: language })
          .then(() => queries.invalidateQueries({ queryKey: ["session"] }))
          // It holds in this browser all the same.
          .catch(() => {});
      }
    },
    [keeps, queries],
  );
}
