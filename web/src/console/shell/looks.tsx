import { NativeSelect, SegmentedControl, useMantineColorScheme } from "@mantine/core";
import { useId } from "react";
import { useTranslation } from "react-i18next";
import { useLanguage } from "../api/use-language";
import { type Lang, useLang } from "../i18n/lang";
import css from "./shell.module.css";

/** Choice of language and of light or dark. */
export function Looks() {
  const { t } = useTranslation("shell");
  const lang = useLang();
  const speak = useLanguage();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const colours = useId();
  return (
    <div className={css.looks}>
      <span id={colours}>{t("colour.title")}</span>
      <SegmentedControl
        aria-labelledby={colours}
        fullWidth
        size="xs"
        value={colorScheme}
        onChange={(scheme) => setColorScheme(scheme as typeof colorScheme)}
        data={(["auto", "light", "dark"] as const).map((scheme) => ({
          value: scheme,
          label: t(`colour.${scheme}`),
        }))}
      />
      <NativeSelect
        label={t("language")}
        value={lang}
        onChange={(event) => speak(event.currentTarget.value as Lang)}
        data={[
          { value: "it", label: "Italiano" },
          { value: "en", label: "English" },
        ]}
      />
    </div>
  );
}
