import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { apiUrl, headers } from "./api/client";
import { refresh } from "./api/hooks";

/** First and longest wait before the stream is opened again, in milliseconds. */
const RETRY_FIRST_MS = 1_000;
const RETRY_MAX_MS = 30_000;

/** Takes server-sent events out of text that comes in pieces. */
export function eventReader(
  onEvent: (event: string, data: string) => void,
): (piece: string) => void {
  let rest = "";
  return (piece) => {
    rest += piece.replaceAll("\r\n", "\n");
    for (let end = rest.indexOf("\n\n"); end >= 0; end = rest.indexOf("\n\n")) {
      const block = rest.slice(0, end);
      rest = rest.slice(end + 2);
      let event = "message";
      const data: string[] = [];
      for (const line of block.split("\n")) {
        const [, name, value] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
        if (name === "event") {
          event = value ?? "";
        } else if (name === "data") {
          data.push(value ?? "");
        }
      }
      if (data.length > 0) {
        onEvent(event, data.join("\n"));
      }
    }
  };
}

/** The topics of a `changed` event; none when it cannot be read. */
export function topicsOf(data: string): string[] {
  try {
    const { topics } = JSON.parse(data) as { topics?: unknown };
    return Array.isArray(topics) ? topics.filter((topic) => typeof topic === "string") : [];
  } catch {
    return [];
  }
}

/** Keeps what is on the page fresh while the tab is looked at. */
export function useLive(shop: string): void {
  const queries = useQueryClient();
  useEffect(() => {
    let stream: AbortController | null = null;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let wait = RETRY_FIRST_MS;
    let missed = false;

    const open = async () => {
      stream?.abort();
      const mine = new AbortController();
      stream = mine;
      try {
        const answer = await fetch(apiUrl("/live"), {
          headers: { ...headers(), Accept: "text/event-stream" },
          signal: mine.signal,
        });
        if (!answer.ok || !answer.body) {
          throw new Error(String(answer.status));
        }
        wait = RETRY_FIRST_MS;
        if (missed) {
          missed = false;
          await queries.invalidateQueries({ predicate: (query) => query.queryKey[0] === shop });
        }
        const feed = eventReader((event, data) => {
          if (event === "changed") {
            void refresh(queries, topicsOf(data));
          }
        });
        const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
        for (;;) {
          const { done, value } = await reader.read();
          if (done) {
            break;
          }
          feed(value);
        }
      } catch {
        // The banner says when there is no connection; here one only tries again.
      }
      if (!mine.signal.aborted) {
        missed = true;
        timer = setTimeout(open, wait);
        wait = Math.min(wait * 2, RETRY_MAX_MS);
      }
    };
    const look = () => {
      clearTimeout(timer);
      if (document.hidden) {
        stream?.abort();
        missed = true;
      } else {
        void open();
      }
    };
    look();
    document.addEventListener("visibilitychange", look);
    window.addEventListener("online", look);
    return () => {
      clearTimeout(timer);
      stream?.abort();
      document.removeEventListener("visibilitychange", look);
      window.removeEventListener("online", look);
    };
  }, [queries, shop]);
}
