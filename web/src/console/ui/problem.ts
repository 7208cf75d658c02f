import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";
import { ApiProblem, Unreachable } from "../api/client";
import { useLang } from "../i18n/lang";

/** What went wrong in words: what happened, then what to do. */
export interface Said {
  title: string;
  text: string;
}

/** The words for a problem: by its code, else by its kind, else what the server said. */
export function problemWords(t: TFunction, error: unknown): Said {
  if (error instanceof Unreachable) {
    return { title: t("problem.unreachable.title"), text: t("problem.unreachable.text") };
  }
  if (!(error instanceof ApiProblem)) {
    return { title: t("problem.unknown.title"), text: t("problem.unknown.text") };
  }
  const known = `problem.${error.code}`;
  const values = { scope: error.scope ?? "", seconds: error.retryAfter ?? 60 };
  const title = t(`${known}.title`, { defaultValue: "", ...values });
  if (title) {
    return { title, text: t(`${known}.text`, { defaultValue: "", ...values }) };
  }
  const kind = error.status >= 500 ? "server" : error.status === 429 ? "too_many" : "refused";
  return {
    title: t(`problem.${kind}.title`, values),
    text: error.detail || t(`problem.${kind}.text`, values),
  };
}

/** The words for a problem and, field by field, what to correct. */
export function useProblem(error: unknown): {
  words: Said | null;
  field: (name: string) => string | null;
} {
  const { t } = useTranslation();
  const lang = useLang();
  return {
    words: error ? problemWords(t, error) : null,
    field: (name) => {
      const found =
        error instanceof ApiProblem ? error.errors.find((one) => one.field === name) : undefined;
      return found ? found[lang] : null;
    },
  };
}
