import { Button, type ButtonProps } from "@mantine/core";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import css from "./ui.module.css";

/** A button for what cannot be undone: the first press asks, the second does it. */
export function ConfirmButton({
  children,
  question,
  sure,
  onConfirm,
  ...rest
}: {
  children: ReactNode;
  /** What will happen, e.g. "La chiave smette subito di funzionare." */
  question: ReactNode;
  /** The word on the second button. */
  sure: ReactNode;
  onConfirm: () => void;
} & ButtonProps) {
  const { t } = useTranslation();
  const [asking, setAsking] = useState(false);
  const first = useRef<HTMLButtonElement>(null);
  const second = useRef<HTMLButtonElement>(null);
  const was = useRef(false);
  useEffect(() => {
    if (asking) {
      second.current?.focus();
    } else if (was.current) {
      first.current?.focus();
    }
    was.current = asking;
  }, [asking]);
  if (!asking) {
    return (
      <Button ref={first} color="bad" {...rest} onClick={() => setAsking(true)}>
        {children}
      </Button>
    );
  }
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would bring its own look
    <span
      role="group"
      className={css.confirm}
      onKeyDown={(event) => {
        if (event.key === "Escape") {
          event.stopPropagation();
          setAsking(false);
        }
      }}
    >
      <span>{question}</span>
      <Button size={rest.size} onClick={() => setAsking(false)}>
        {t("leave")}
      </Button>
      <Button
        ref={second}
        variant="filled"
        color="bad"
        {...rest}
        onClick={() => {
          setAsking(false);
          onConfirm();
        }}
      >
        {sure}
      </Button>
    </span>
  );
}
