import { Checkbox, Stack } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Section } from "../../../ui/section";
import type { Draft } from "./draft";
import { NOTICES } from "./types";

/** Which notices the platform sends itself, so that nobody gets two. */
export function Notices({ draft }: { draft: Draft }) {
  const { t } = useTranslation("settings");
  const left = draft.draft.left_to_platform ?? [];
  return (
    <Section title={t("notices.title")}>
      <p className="muted" style={{ marginBottom: 16, maxWidth: "68ch" }}>
        {t("notices.text")}
      </p>
      <Stack gap={12}>
        {NOTICES.map((notice) => (
          <Checkbox
            key={notice}
            label={t(`notices.${notice}`)}
            disabled={draft.readOnly}
            checked={left.includes(notice)}
            onChange={(event) =>
              draft.set(
                "left_to_platform",
                NOTICES.filter((one) =>
                  one === notice ? event.currentTarget.checked : left.includes(one),
                ),
              )
            }
          />
        ))}
      </Stack>
    </Section>
  );
}
