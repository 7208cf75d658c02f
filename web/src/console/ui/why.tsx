import { Popover } from "@mantine/core";
import type { ReactNode } from "react";
import css from "./ui.module.css";

/** A word that can be asked "why?": opens its reason. */
export function Why({ label, children }: { label: ReactNode; children: ReactNode }) {
  return (
    <Popover width="max-content" position="bottom-start" trapFocus returnFocus>
      <Popover.Target>
        <button type="button" className={css.why}>
          {label}
        </button>
      </Popover.Target>
      <Popover.Dropdown>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the opened reason takes the focus, so that it is read */}
        <div className={css.whyBody} tabIndex={0} data-autofocus>
          {children}
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}
