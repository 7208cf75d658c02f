import { Button } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useEffect, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import css from "./ui.module.css";

/** How long the button says that it copied, in milliseconds. */
const SAID_MS = 2_000;

/** A value to take elsewhere. */
export function CopyField({ value, label }: { value: string; label?: string }) {
  const { t } = useTranslation();
  const id = useId();
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) {
      return;
    }
    const timer = setTimeout(() => setCopied(false), SAID_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(value);
      setCopied(true);
    } catch {
      // Without the right to the clipboard the value is marked, to be copied by hand.
      const range = document.createRange();
      const node = document.getElementById(id);
      if (node) {
        range.selectNodeContents(node);
        getSelection()?.removeAllRanges();
        getSelection()?.addRange(range);
      }
    }
  };
  return (
    <div>
      {label && <span className={css.copyLabel}>{label}</span>}
      <div className={css.copy}>
        <code id={id} className={`${css.copyValue} mono`}>
          {value}
        </code>
        <Button
          onClick={copy}
          leftSection={
            copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />
          }
          aria-label={copied ? undefined : t("copyWhat", { what: label ?? value })}
        >
          <span aria-live="polite">{copied ? t("copied") : t("copy")}</span>
        </Button>
      </div>
    </div>
  );
}
