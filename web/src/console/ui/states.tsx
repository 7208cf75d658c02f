import { Button, Loader } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";
import { type ReactNode, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Notice } from "./notice";
import { problemWords } from "./problem";
import css from "./ui.module.css";

/** Nothing is shown for what takes less, in milliseconds. */
const QUIET_MS = 300;

/** Says that something is on its way, once it takes long enough to notice. */
export function Loading({ label }: { label?: string }) {
  const { t } = useTranslation();
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), QUIET_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div className={css.loading} role="status">
      {late && (
        <>
          <Loader size={18} aria-hidden />
          {label ?? t("loading")}
        </>
      )}
    </div>
  );
}

/** What went wrong and the way to try again. */
export function Failed({ error, retry }: { error: unknown; retry?: () => void }) {
  const { t } = useTranslation();
  const words = problemWords(t, error);
  return (
    <Notice
      tone="bad"
      live
      title={words.title}
      actions={
        retry && (
          <Button size="xs" onClick={retry}>
            {t("again")}
          </Button>
        )
      }
    >
      {words.text}
    </Notice>
  );
}

/** Shows an answer, or that it is on its way, or why it does not come. */
export function Await<T>({
  query,
  children,
}: {
  query: UseQueryResult<T>;
  children: (data: T) => ReactNode;
}) {
  if (query.data !== undefined) {
    return <>{children(query.data)}</>;
  }
  if (query.error) {
    return <Failed error={query.error} retry={() => void query.refetch()} />;
  }
  return <Loading />;
}
