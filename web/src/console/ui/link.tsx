import { Link as RouterLink, useRouter } from "@tanstack/react-router";
import { type AnchorHTMLAttributes, forwardRef, useCallback } from "react";
import { readSearch } from "../router-search";

interface Props extends Omit<AnchorHTMLAttributes<HTMLAnchorElement>, "href"> {
  /** A path of the console with its query, e.g. `/customers/12?tab=orders`. */
  to: string;
  /** Whether the link to the page one is on is marked only on exactly this page. */
  exact?: boolean;
}

/** A link inside the console. The page one is on is marked with `aria-current`. */
export const Link = forwardRef<HTMLAnchorElement, Props>(function Link(
  { to, exact, ...rest },
  ref,
) {
  const { path, search, hash } = parts(to);
  return (
    <RouterLink
      ref={ref}
      to={path as "/"}
      search={search as never}
      hash={hash}
      activeOptions={{ exact: exact ?? false, includeSearch: false }}
      {...rest}
    />
  );
});

/** Goes to a path of the console. */
export function useGo(): (to: string, options?: { replace?: boolean }) => void {
  const router = useRouter();
  return useCallback(
    (to, options) => {
      const { path, search, hash } = parts(to);
      void router.navigate({
        to: path as "/",
        search: search as never,
        hash,
        replace: options?.replace ?? false,
      });
    },
    [router],
  );
}

function parts(to: string) {
  const [front = "", hash] = to.split("#");
  const [path = "/", search = ""] = front.split("?");
  return { path: path || "/", search: readSearch(search), hash };
}
