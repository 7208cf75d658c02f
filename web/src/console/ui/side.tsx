import { Drawer } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import css from "./ui.module.css";

/** A drawer at the side: the rest of an answer. Esc or a click beside it closes it. */
export function Side({
  opened,
  onClose,
  title,
  wide,
  children,
}: {
  opened: boolean;
  onClose: () => void;
  title: ReactNode;
  wide?: boolean;
  children: ReactNode;
}) {
  const { t } = useTranslation();
  return (
    <Drawer
      opened={opened}
      onClose={onClose}
      title={<span className={css.sideTitle}>{title}</span>}
      size={wide ? 720 : 480}
      closeButtonProps={{ "aria-label": t("close") }}
      overlayProps={{ backgroundOpacity: 0.3 }}
    >
      {children}
    </Drawer>
  );
}
