import { api } from "../api/client";

/** Ends the session and leaves nothing of it in the page. */
export async function signOut(): Promise<void> {
  await api.del("/session").catch(() => {});
  location.assign("/console/sign-in");
}
