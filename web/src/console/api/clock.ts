let ahead = 0;

/** Takes the server's clock from an answer that says it: a demo's runs faster than the world's. */
export function heardClock(at: string | null): void {
  const now = at ? Date.parse(at) : Number.NaN;
  if (Number.isFinite(now)) {
    ahead = now - Date.now();
  }
}

/** The present as the server last said it, else as this machine knows it. */
export function present(): Date {
  return new Date(Date.now() + ahead);
}
