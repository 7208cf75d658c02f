import { Button } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Notice } from "../../../ui/notice";
import { FormEnd } from "../../../ui/section";
import type { Draft } from "./draft";

/** A form of settings with its save button and what came of it. */
export function SettingsForm({
  draft,
  children,
  label,
  onSaved,
  extra,
  always,
}: {
  draft: Draft;
  children: ReactNode;
  label?: string;
  onSaved?: () => void;
  /** Sent along whatever changed. */
  extra?: object;
  /** Whether one can save without having changed anything. */
  always?: boolean;
}) {
  const { t } = useTranslation();
  const { t: settings } = useTranslation("settings");
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        draft.save(extra).then(
          () => onSaved?.(),
          () => {},
        );
      }}
    >
      {draft.words && (
        <Notice tone="bad" live title={draft.words.title}>
          {draft.words.text}
        </Notice>
      )}
      {children}
      {draft.readOnly ? (
        <Notice>{settings("readOnly")}</Notice>
      ) : (
        <FormEnd stays>
          <Button
            type="submit"
            variant="filled"
            loading={draft.saving}
            disabled={!always && draft.patch === undefined}
          >
            {label ?? t("save")}
          </Button>
          <span role="status">
            {draft.saved && (
              <span className="nowrap">
                <IconCheck size={16} aria-hidden style={{ verticalAlign: "-3px" }} /> {t("saved")}
              </span>
            )}
          </span>
        </FormEnd>
      )}
    </form>
  );
}
