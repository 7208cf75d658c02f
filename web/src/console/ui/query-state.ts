import { useLocation, useNavigate } from "@tanstack/react-router";
import { useCallback } from "react";

type Changes = Record<string, string | number | boolean | null | undefined>;

/** The query of the address: what it holds, and a way to change parts of it (empty takes a part out). */
export function useQueryState(): [
  Record<string, string>,
  (changes: Changes, options?: { replace?: boolean }) => void,
] {
  const query = useLocation({ select: (location) => location.search as Record<string, string> });
  const navigate = useNavigate();
  const set = useCallback(
    (changes: Changes, options?: { replace?: boolean }) => {
      void navigate({
        to: ".",
        search: ((before: Record<string, unknown>) => {
          const after: Record<string, string> = {};
          for (const [name, value] of Object.entries({ ...before, ...changes })) {
            if (value !== undefined && value !== null && value !== "") {
              after[name] = String(value);
            }
          }
          return after;
        }) as never,
        replace: options?.replace ?? false,
        resetScroll: false,
      });
    },
    [navigate],
  );
  return [query, set];
}
