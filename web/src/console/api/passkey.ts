import { ApiProblem, api } from "./client";

interface Started<T> {
  challenge_id: string;
  options: T;
}

/** What reads WebAuthn's JSON; older browsers lack it and sign in by password. */
interface Reader {
  parseRequestOptionsFromJSON: (options: unknown) => PublicKeyCredentialRequestOptions;
  parseCreationOptionsFromJSON: (options: unknown) => PublicKeyCredentialCreationOptions;
}

function webauthn(): Reader | null {
  if (typeof PublicKeyCredential === "undefined") {
    return null;
  }
  const found = PublicKeyCredential as unknown as Partial<Reader>;
  return found.parseRequestOptionsFromJSON && found.parseCreationOptionsFromJSON
    ? (found as Reader)
    : null;
}

/** Whether this browser can use a passkey here. */
export function canPasskey(): boolean {
  return webauthn() !== null && window.isSecureContext;
}

/** Whether the person closed the browser's own window: nothing to report. */
export function wasCancelled(error: unknown): boolean {
  return error instanceof DOMException && ["NotAllowedError", "AbortError"].includes(error.name);
}

/** webauthn-rs wraps its options in `publicKey`, the standard's JSON does not. */
function inner(options: unknown): unknown {
  const wrapped = options as { publicKey?: unknown };
  return wrapped.publicKey ?? options;
}

/** Signs in with a passkey that the person picks. */
export async function signInWithPasskey(): Promise<void> {
  const started = await api.post<Started<unknown>>("/session/passkey/start", {});
  const publicKey = webauthn()?.parseRequestOptionsFromJSON(inner(started.options));
  if (!publicKey) {
    throw new Error("this browser has no passkeys");
  }
  const credential = await navigator.credentials.get({ publicKey });
  await api.post("/session/passkey/finish", {
    challenge_id: started.challenge_id,
    credential: (credential as PublicKeyCredential).toJSON(),
  });
}

/** Makes a passkey for the one who is signed in. */
export async function addPasskey(name: string): Promise<void> {
  const started = await api.post<Started<unknown>>("/me/passkeys/start", {});
  const publicKey = webauthn()?.parseCreationOptionsFromJSON(inner(started.options));
  if (!publicKey) {
    throw new Error("this browser has no passkeys");
  }
  const credential = await navigator.credentials.create({ publicKey }).catch((error: unknown) => {
    // The browser itself finds that this device is among one's own (WebAuthn 3, 5.1.3).
    throw error instanceof DOMException && error.name === "InvalidStateError"
      ? new ApiProblem(409, { code: "passkey_known" })
      : error;
  });
  await api.post("/me/passkeys/finish", {
    challenge_id: started.challenge_id,
    name,
    credential: (credential as PublicKeyCredential).toJSON(),
  });
}
