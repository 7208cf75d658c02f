import { ActionIcon, Popover } from "@mantine/core";
import { IconAdjustments } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import icon from "../icon.svg";
import { Looks } from "./looks";
import css from "./shell.module.css";

/** A page that stands alone: sign-in, set-up, reset. */
export function Alone({
  children,
  wide,
  aside,
}: {
  children: ReactNode;
  wide?: boolean;
  aside?: ReactNode;
}) {
  const { t } = useTranslation("shell");
  return (
    <div className={css.alone}>
      <header className={css.aloneTop}>
        <img src={icon} alt="" className={css.mark} />
        <strong>Dopo</strong>
        {aside}
        <Popover position="bottom-end" width={280} trapFocus returnFocus>
          <Popover.Target>
            <ActionIcon aria-label={t("looks")} size={44}>
              <IconAdjustments size={20} aria-hidden />
            </ActionIcon>
          </Popover.Target>
          <Popover.Dropdown aria-label={t("looks")}>
            <Looks />
          </Popover.Dropdown>
        </Popover>
      </header>
      <main className={wide ? css.aloneWide : css.aloneBody}>{children}</main>
    </div>
  );
}
