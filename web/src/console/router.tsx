import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
} from "@tanstack/react-router";
import type { ComponentType } from "react";
import { readSearch, writeSearch } from "./router-search";
import { NotFound } from "./shell/not-found";
import { RouteFailed } from "./shell/route-failed";
import { Shell } from "./shell/shell";
import { Loading } from "./ui/states";

type Page = () => Promise<{ default: ComponentType }>;

/** Pages in the shell: somebody is signed in and looks at a shop. */
const INSIDE: [path: string, page: Page][] = [
  ["/", () => import("./pages/today/index")],
  ["/customers", () => import("./pages/customers/index")],
  ["/customers/$id", () => import("./pages/customers/detail")],
  ["/orders", () => import("./pages/orders/index")],
  ["/orders/$id", () => import("./pages/orders/detail")],
  ["/journeys", () => import("./pages/journeys/index")],
  ["/journeys/$id", () => import("./pages/journeys/detail")],
  ["/messages", () => import("./pages/messages/index")],
  ["/messages/$id", () => import("./pages/messages/detail")],
  ["/tasks", () => import("./pages/tasks/index")],
  ["/inbox", () => import("./pages/inbox/index")],
  ["/inbox/$id", () => import("./pages/inbox/detail")],
];

/** Pages of the settings, each at `/settings/<name>`. */
const SETTINGS: [name: string, page: Page][] = [
  ["shop", () => import("./pages/settings/shop")],
  ["sending", () => import("./pages/settings/sending")],
  ["domain", () => import("./pages/settings/domain")],
  ["connections", () => import("./pages/settings/connections")],
  ["keys", () => import("./pages/settings/keys")],
  ["webhooks", () => import("./pages/settings/webhooks")],
  ["team", () => import("./pages/settings/team")],
  ["audit", () => import("./pages/settings/audit")],
  ["backups", () => import("./pages/settings/backups")],
  ["account", () => import("./pages/settings/account")],
];

/** Pages that stand alone. */
const OUTSIDE: [path: string, page: Page][] = [
  ["/sign-in", () => import("./pages/sign-in/index")],
  ["/setup", () => import("./pages/setup/index")],
  ["/reset", () => import("./pages/reset/index")],
];

const root = createRootRoute({
  component: Outlet,
  notFoundComponent: NotFound,
  validateSearch: (search: Record<string, unknown>) => search as Record<string, string>,
});
const shell = createRoute({ getParentRoute: () => root, id: "shell", component: Shell });
const settings = createRoute({
  getParentRoute: () => shell,
  path: "/settings",
  component: lazyRouteComponent(() => import("./pages/settings/index")),
});

const routeTree = root.addChildren([
  shell.addChildren([
    ...INSIDE.map(([path, page]) =>
      createRoute({ getParentRoute: () => shell, path, component: lazyRouteComponent(page) }),
    ),
    settings.addChildren(
      SETTINGS.map(([path, page]) =>
        createRoute({ getParentRoute: () => settings, path, component: lazyRouteComponent(page) }),
      ),
    ),
  ]),
  ...OUTSIDE.map(([path, page]) =>
    createRoute({ getParentRoute: () => root, path, component: lazyRouteComponent(page) }),
  ),
]);

/** Where everything is. */
export const router = createRouter({
  routeTree,
  basepath: "/console",
  parseSearch: readSearch,
  stringifySearch: writeSearch,
  defaultPreload: "intent",
  defaultPendingMs: 300,
  defaultPendingComponent: () => <Loading />,
  defaultErrorComponent: RouteFailed,
  scrollRestoration: true,
});
