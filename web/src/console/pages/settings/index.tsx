import { Outlet, useLocation } from "@tanstack/react-router";
import { Suspense } from "react";
import { useTranslation } from "react-i18next";
import { useSession } from "../../api/session";
import { SETTINGS_GROUPS } from "../../shell/navigation";
import { Link } from "../../ui/link";
import { PageHead } from "../../ui/page-head";
import { Loading } from "../../ui/states";
import css from "./settings.module.css";

/** The settings: their list, beside it the page that is open. */
export default function Settings() {
  const { t } = useTranslation("settings");
  const path = useLocation({ select: (location) => location.pathname });
  const inside = /\/settings\/./.test(path);
  return inside ? (
    <div className={css.beside}>
      <nav aria-label={t("title")} className={css.list}>
        <Places />
      </nav>
      <div className={css.page}>
        <Suspense fallback={<Loading />}>
          <Outlet />
        </Suspense>
      </div>
    </div>
  ) : (
    <>
      <PageHead title={t("title")} sentence={t("sentence")} />
      <div className={css.cards}>
        <Places described />
      </div>
    </>
  );
}

function Places({ described }: { described?: boolean }) {
  const { t } = useTranslation("settings");
  const { t: shell } = useTranslation("shell");
  const { may } = useSession();
  return SETTINGS_GROUPS.map((group) => {
    const places = group.places.filter((place) => place.scope === null || may(place.scope));
    return places.length === 0 ? null : (
      <section key={group.id}>
        <h2>{shell(`settingsGroup.${group.id}`)}</h2>
        <ul>
          {places.map((place) => (
            <li key={place.id}>
              <Link to={place.to}>{shell(`settings.${place.id}`)}</Link>
              {described && <p>{t(`about.${place.id}`)}</p>}
            </li>
          ))}
        </ul>
      </section>
    );
  });
}
