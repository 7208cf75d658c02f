import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
} from "@tanstack/react-router";
import i18next from "i18next";
import type { ComponentType } from "react";
import { readSearch, writeSearch } from "./router-search";
import { NotFound } from "./shell/not-found";
import { RouteFailed } from "./shell/route-failed";
import { Shell } from "./shell/shell";
import { Loading } from "./ui/states";

type Page = () => Promise<{ default: ComponentType }>;

/**
 * A page with the areas of words that it and its parts speak in. Both come together: a part that asked for words by itself
 * would take the whole page away again until they are there.
 */
function page(load: Page, ...areas: string[]): Page {
  return async () => {
    const [loaded] = await Promise.all([load(), i18next.loadNamespaces(areas)]);
    return loaded;
  };
}

/** Pages in the shell: somebody is signed in and looks at a shop. */
const INSIDE: [path: string, page: Page][] = [
  ["/", page(() => import("./pages/today/index"), "messages", "orders", "today")],
  ["/customers", page(() => import("./pages/customers/index"), "customers", "views")],
  [
    "/customers/$id",
    page(() => import("./pages/customers/detail"), "customers", "messages", "orders"),
  ],
  ["/orders", page(() => import("./pages/orders/index"), "customers", "orders", "views")],
  [
    "/orders/exceptions",
    page(() => import("./pages/exceptions/index"), "exceptions", "orders", "parcels", "views"),
  ],
  ["/orders/$id", page(() => import("./pages/orders/detail"), "messages", "orders", "parcels")],
  ["/couriers", page(() => import("./pages/couriers/index"), "couriers", "today")],
  ["/journeys", page(() => import("./pages/journeys/index"), "journeys")],
  ["/journeys/$id", page(() => import("./pages/journeys/detail"), "journeys", "messages", "today")],
  ["/messages", page(() => import("./pages/messages/index"), "messages", "views")],
  ["/messages/$id", page(() => import("./pages/messages/detail"), "messages")],
  ["/tasks", page(() => import("./pages/tasks/index"), "tasks")],
  ["/inbox", page(() => import("./pages/inbox/index"), "inbox", "settings", "views")],
  ["/inbox/$id", page(() => import("./pages/inbox/detail"), "inbox", "settings", "views")],
];

/** Pages of the settings, each at `/settings/<name>`. */
const SETTINGS: [name: string, page: Page][] = [
  ["shop", page(() => import("./pages/settings/shop"), "settings")],
  ["sending", page(() => import("./pages/settings/sending"), "settings")],
  ["domain", page(() => import("./pages/settings/domain"), "settings")],
  ["connections", page(() => import("./pages/settings/connections"), "settings")],
  ["couriers", page(() => import("./pages/settings/couriers"), "settings")],
  ["keys", page(() => import("./pages/settings/keys"), "settings")],
  ["webhooks", page(() => import("./pages/settings/webhooks"), "settings")],
  ["team", page(() => import("./pages/settings/team"), "settings")],
  ["audit", page(() => import("./pages/settings/audit"), "settings")],
  ["backups", page(() => import("./pages/settings/backups"), "settings")],
  ["account", page(() => import("./pages/settings/account"), "access", "settings")],
];

/** Pages that stand alone. */
const OUTSIDE: [path: string, page: Page][] = [
  ["/sign-in", page(() => import("./pages/sign-in/index"), "access")],
  ["/sign-in/provider", page(() => import("./pages/sign-in/provider"), "access")],
  ["/setup", page(() => import("./pages/setup/index"), "access", "settings", "setup")],
  ["/reset", page(() => import("./pages/reset/index"), "access")],
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
  component: lazyRouteComponent(page(() => import("./pages/settings/index"), "settings")),
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
