import { ActionIcon, Button, Menu, Popover } from "@mantine/core";
import {
  IconAlertTriangle,
  IconCheck,
  IconDots,
  IconLogout,
  IconSearch,
  IconSelector,
  IconUser,
} from "@tabler/icons-react";
import { Outlet, useLocation } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { type Here, useSession } from "../api/session";
import icon from "../icon.svg";
import { useLive } from "../live";
import { Link, useGo } from "../ui/link";
import { Loading } from "../ui/states";
import { Boundary } from "./boundary";
import { Looks } from "./looks";
import { PLACES } from "./navigation";
import { NeedSession } from "./need-session";
import { useOnline } from "./online";
import css from "./shell.module.css";
import { signOut } from "./sign-out";

const Palette = lazy(() => import("./palette"));

/** Places in the bar at the bottom of a phone; the rest is behind "more". */
const BAR_PLACES = 4;

/** Everything around a page where somebody is signed in. */
export function Shell() {
  return (
    <NeedSession>
      <Inside />
    </NeedSession>
  );
}

function Inside() {
  const { t } = useTranslation("shell");
  const here = useSession();
  const online = useOnline();
  const [finding, setFinding] = useState(false);
  const main = useRef<HTMLElement>(null);
  const path = useLocation({ select: (location) => location.pathname });
  const before = useRef(path);
  useLive(here.shop.slug);

  // A new page: the reader's place is its heading, as soon as it is there.
  useEffect(() => {
    const place = main.current;
    if (before.current === path || place === null) {
      return undefined;
    }
    before.current = path;
    const arrive = () => {
      // The page before may still stand there for a moment and take the focus with it.
      const { activeElement } = document;
      if (activeElement === null || activeElement === document.body || activeElement === place) {
        const heading = place.querySelector("h1");
        (heading ?? place).focus({ preventScroll: true });
      }
    };
    const waiting = new MutationObserver(arrive);
    const stop = () => waiting.disconnect();
    const frame = requestAnimationFrame(() => {
      place.focus({ preventScroll: true });
      arrive();
      waiting.observe(place, { childList: true, subtree: true });
    });
    // Whoever acts has found their place.
    window.addEventListener("pointerdown", stop, { once: true });
    window.addEventListener("keydown", stop, { once: true });
    return () => {
      cancelAnimationFrame(frame);
      stop();
      window.removeEventListener("pointerdown", stop);
      window.removeEventListener("keydown", stop);
    };
  }, [path]);

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        setFinding(true);
      }
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);

  const places = PLACES.filter((place) => place.scope === null || here.may(place.scope));
  const item = (place: (typeof PLACES)[number], size: number, name = `place.${place.id}`) => (
    <Link to={place.to} exact={place.to === "/"}>
      <place.icon size={size} stroke={1.75} aria-hidden />
      {t(name)}
    </Link>
  );
  return (
    <div className={css.shell}>
      <a href="#main" className={css.skip}>
        {t("skip")}
      </a>
      <section className={css.side} aria-label={t("top")}>
        <ShopSwitch here={here} />
        <button type="button" className={css.find} onClick={() => setFinding(true)}>
          <IconSearch size={16} aria-hidden />
          {t("find.open")}
          <kbd className={css.key}>{shortcut()}</kbd>
        </button>
        <nav className={css.navigation} aria-label={t("navigation")}>
          <ul>
            {places.map((place) => (
              <li key={place.id}>{item(place, 18)}</li>
            ))}
          </ul>
        </nav>
        <div className={css.foot}>
          <Person here={here} />
        </div>
      </section>
      <div>
        <section className={css.top} aria-label={t("top")}>
          <ShopSwitch here={here} />
          <ActionIcon onClick={() => setFinding(true)} aria-label={t("find.open")} size={44}>
            <IconSearch size={20} aria-hidden />
          </ActionIcon>
          <Person here={here} small />
        </section>
        {!online && (
          <div className={css.banner} role="status">
            <IconAlertTriangle size={16} aria-hidden />
            {t("offline")}
          </div>
        )}
        {!here.shop.live && !here.demo && here.may("settings:read") && (
          <aside className={css.banner} aria-label={t("notLive")}>
            <IconAlertTriangle size={16} aria-hidden />
            <span>
              {t("trial")} <Link to="/setup">{t("trialDo")}</Link>
            </span>
          </aside>
        )}
        <main id="main" ref={main} className={css.main} tabIndex={-1}>
          <div className={css.content}>
            <Boundary key={`${here.shop.slug} ${path}`}>
              <Suspense fallback={<Loading />}>
                <Outlet />
              </Suspense>
            </Boundary>
          </div>
        </main>
        <nav className={css.bottom} aria-label={t("navigation")}>
          <ul>
            {places.slice(0, BAR_PLACES).map((place) => (
              <li key={place.id}>{item(place, 22, `bar.${place.id}`)}</li>
            ))}
            <li>
              <More from={BAR_PLACES} here={here} />
            </li>
          </ul>
        </nav>
      </div>
      {finding && (
        <Suspense>
          <Palette onClose={() => setFinding(false)} />
        </Suspense>
      )}
    </div>
  );
}

function shortcut(): string {
  return /Mac|iPhone|iPad/.test(navigator.platform) ? "⌘K" : "Ctrl K";
}

function ShopSwitch({ here }: { here: Here }) {
  const { t } = useTranslation("shell");
  const go = useGo();
  const inside = (
    <>
      <img src={icon} alt="" className={css.mark} />
      <span className={css.shopName}>
        <strong>{here.shop.name}</strong>
        <span>{here.demo ? t("demo") : here.shop.live ? t("live") : t("notLive")}</span>
      </span>
    </>
  );
  if (here.shops.length < 2) {
    return <div className={css.shop}>{inside}</div>;
  }
  return (
    <Menu width={220} withinPortal={false}>
      <Menu.Target>
        <button
          type="button"
          className={css.shop}
          aria-label={t("shopNow", { name: here.shop.name })}
        >
          {inside}
          <IconSelector size={16} aria-hidden />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {here.shops.map((shop) => (
          <Menu.Item
            key={shop.slug}
            leftSection={
              shop.slug === here.shop.slug ? (
                <IconCheck size={16} aria-hidden />
              ) : (
                <span style={{ width: 16 }} />
              )
            }
            onClick={() => {
              here.lookAt(shop.slug);
              go("/");
            }}
          >
            {shop.name}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function Person({ here, small }: { here: Here; small?: boolean }) {
  const { t } = useTranslation("shell");
  const [opened, setOpened] = useState(false);
  const name = here.user.name ?? here.user.email;
  const toggle = () => setOpened(!opened);
  return (
    <Popover
      opened={opened}
      onChange={setOpened}
      position={small ? "bottom-end" : "top-start"}
      width={280}
      trapFocus
      returnFocus
    >
      <Popover.Target>
        {small ? (
          <ActionIcon aria-label={t("you", { name })} size={44} onClick={toggle}>
            <IconUser size={20} aria-hidden />
          </ActionIcon>
        ) : (
          <button
            type="button"
            className={css.shop}
            aria-label={t("you", { name })}
            onClick={toggle}
          >
            <IconUser size={18} aria-hidden />
            <span className={css.shopName}>
              <strong>{name}</strong>
              <span>{t(`role.${here.shop.role}`)}</span>
            </span>
          </button>
        )}
      </Popover.Target>
      <Popover.Dropdown aria-label={t("you", { name })}>
        <Looks />
        <div className={css.personEnd}>
          <Link to="/settings/account" onClick={() => setOpened(false)}>
            {t("settings.account")}
          </Link>
          {!here.demo && (
            <Button
              size="xs"
              leftSection={<IconLogout size={16} aria-hidden />}
              onClick={() => void signOut()}
            >
              {t("signOut")}
            </Button>
          )}
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}

function More({ from, here }: { from: number; here: Here }) {
  const { t } = useTranslation("shell");
  const go = useGo();
  const places = PLACES.filter((place) => place.scope === null || here.may(place.scope)).slice(
    from,
  );
  return (
    <Menu position="top-end" width={220} withinPortal={false}>
      <Menu.Target>
        <button type="button">
          <IconDots size={22} stroke={1.75} aria-hidden />
          {t("more")}
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {places.map((place) => (
          <Menu.Item
            key={place.id}
            leftSection={<place.icon size={18} stroke={1.75} aria-hidden />}
            onClick={() => go(place.to)}
          >
            {t(`place.${place.id}`)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
