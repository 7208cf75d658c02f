import { SegmentedControl } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import css from "./messages.module.css";
import type { Rendered } from "./types";

const FORMS = ["phone", "desktop", "dark", "text"] as const;
type Form = (typeof FORMS)[number];

/**
 * How a message looks: on a phone, on a desktop, in the dark, as plain text. The mail is a document of
 * its own, shown in a sandbox that neither runs scripts nor knows this page.
 */
export function Preview({
  rendered,
  html,
  title,
}: {
  rendered: Rendered;
  /** Address of the mail as a document of its own; null when it has no such form. */
  html: string | null;
  title: string;
}) {
  const { t } = useTranslation("messages");
  const [form, setForm] = useState<Form>("phone");
  if (rendered.sms) {
    return (
      <div className={css.smsPlace}>
        <p className={css.sms}>{rendered.sms}</p>
        {rendered.segments !== null && (
          <p className="muted">
            {t("preview.segments", { count: rendered.segments, n: rendered.segments })}
          </p>
        )}
      </div>
    );
  }
  const forms = FORMS.filter((one) => one === "text" || html);
  const shown = forms.includes(form) ? form : "text";
  return (
    <div className={css.preview}>
      <div className={css.previewHead}>
        <div className={css.subject}>
          <strong>{rendered.subject}</strong>
          {rendered.preheader && <span className="muted">{rendered.preheader}</span>}
        </div>
        {forms.length > 1 && (
          <SegmentedControl
            aria-label={t("preview.label")}
            data={forms.map((value) => ({ value, label: t(`preview.${value}`) }))}
            value={shown}
            onChange={(value) => setForm(value as Form)}
          />
        )}
      </div>
      {shown === "text" ? (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        <pre className={css.text} tabIndex={0}>
          {rendered.text || t("preview.no_text")}
        </pre>
      ) : (
        <div className={css.stage} data-form={shown}>
          <iframe
            key={shown}
            className={css.frame}
            title={t("preview.frame", { title })}
            sandbox=""
            src={html ?? undefined}
          />
        </div>
      )}
    </div>
  );
}
