import { Button } from "@mantine/core";
import { Component, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Notice } from "../ui/notice";

/** Keeps a page that failed from taking the rest with it. */
export class Boundary extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override render() {
    return this.state.failed ? <PageFailed /> : this.props.children;
  }
}

/** Says that a page failed and offers to load it afresh. */
export function PageFailed() {
  const { t } = useTranslation("shell");
  return (
    <Notice
      tone="bad"
      live
      title={t("failed.title")}
      actions={
        <Button size="xs" onClick={() => location.reload()}>
          {t("failed.do")}
        </Button>
      }
    >
      {t("failed.text")}
    </Notice>
  );
}
