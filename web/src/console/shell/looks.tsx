import { Menu, useMantineColorScheme } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useLang } from "../i18n/lang";
import { speak } from "../i18n/start";

/** Choice of language and of light or dark, as items of a menu. */
export function Looks() {
  const { t } = useTranslation("shell");
  const lang = useLang();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const tick = (on: boolean) =>
    on ? (
      <IconCheck size={16} aria-hidden />
    ) : (
      <span style={{ display: "inline-block", width: 16 }} />
    );
  return (
    <>
      <Menu.Label>{t("colour.title")}</Menu.Label>
      {(["auto", "light", "dark"] as const).map((scheme) => (
        <Menu.Item
          key={scheme}
          role="menuitemradio"
          aria-checked={colorScheme === scheme}
          leftSection={tick(colorScheme === scheme)}
          onClick={() => setColorScheme(scheme)}
        >
          {t(`colour.${scheme}`)}
        </Menu.Item>
      ))}
      <Menu.Divider />
      <Menu.Label>{t("language")}</Menu.Label>
      {(["it", "en"] as const).map((language) => (
        <Menu.Item
          key={language}
          lang={language}
          role="menuitemradio"
          aria-checked={lang === language}
          leftSection={tick(lang === language)}
          onClick={() => void speak(language)}
        >
          {language === "it" ? "Italiano" : "English"}
        </Menu.Item>
      ))}
    </>
  );
}
