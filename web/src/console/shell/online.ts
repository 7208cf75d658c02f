import { useSyncExternalStore } from "react";

function listen(then: () => void): () => void {
  window.addEventListener("online", then);
  window.addEventListener("offline", then);
  return () => {
    window.removeEventListener("online", then);
    window.removeEventListener("offline", then);
  };
}

/** Whether the browser has a network. */
export function useOnline(): boolean {
  return useSyncExternalStore(listen, () => navigator.onLine);
}
