import { Button, PasswordInput, TextInput } from "@mantine/core";
import { IconFingerprint, IconLogin2 } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import { canPasskey, signInWithPasskey, wasCancelled } from "../../api/passkey";
import type { Schemas } from "../../api/types";
import { Alone } from "../../shell/alone";
import { Link, useGo } from "../../ui/link";
import { Notice } from "../../ui/notice";
import { problemWords } from "../../ui/problem";
import { useQueryState } from "../../ui/query-state";
import { safePath } from "./safe-path";
import css from "./sign-in.module.css";

/** Sign-in by password, passkey, or at the provider that the installation names. */
export default function SignIn() {
  const { t } = useTranslation("access");
  const { t: common } = useTranslation();
  const queries = useQueryClient();
  const go = useGo();
  const [query] = useQueryState();
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [busy, setBusy] = useState<"password" | "passkey" | "provider" | null>(null);
  const [error, setError] = useState<unknown>(null);
  const provider = useQuery({
    queryKey: ["provider"],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: ({ signal }) => api.get<Schemas["SignInProvider"]>("/session/provider", { signal }),
  });

  useEffect(() => {
    document.title = `${t("signIn.title")} · Dopo`;
  }, [t]);
  useEffect(() => {
    // Who comes back from the provider by the browser's own button finds the page as it was left.
    const onShow = () => setBusy(null);
    window.addEventListener("pageshow", onShow);
    return () => window.removeEventListener("pageshow", onShow);
  }, []);

  const inside = async () => {
    await queries.resetQueries({ queryKey: ["session"] });
    go(safePath(query.to), { replace: true });
  };
  const attempt = async (how: "password" | "passkey", by: () => Promise<void>) => {
    setBusy(how);
    setError(null);
    try {
      await by();
      await inside();
    } catch (problem) {
      if (!wasCancelled(problem)) {
        setError(problem);
      }
    } finally {
      setBusy(null);
    }
  };
  const toProvider = async () => {
    setBusy("provider");
    setError(null);
    try {
      const { url } = await api.post<Schemas["ProviderStarted"]>("/session/provider/start", {
        to: safePath(query.to),
      });
      window.location.assign(url);
    } catch (problem) {
      setError(problem);
      setBusy(null);
    }
  };
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    void attempt("password", () => api.post("/session", { email: email.trim(), password }));
  };
  const words = error ? problemWords(common, error) : null;
  return (
    <Alone>
      <h1>{t("signIn.title")}</h1>
      <form onSubmit={onSubmit} className={css.form}>
        {words && (
          <Notice tone="bad" live title={words.title}>
            {words.text}
          </Notice>
        )}
        <TextInput
          label={t("email")}
          type="email"
          name="email"
          autoComplete="username webauthn"
          required
          withAsterisk={false}
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
        />
        <PasswordInput
          label={t("password")}
          name="password"
          autoComplete="current-password"
          required
          withAsterisk={false}
          visibilityToggleButtonProps={{ "aria-label": t("showPassword"), tabIndex: 0 }}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <Button type="submit" variant="filled" fullWidth size="md" loading={busy === "password"}>
          {t("signIn.do")}
        </Button>
      </form>
      {(canPasskey() || provider.data?.name) && <p className={css.or}>{t("signIn.or")}</p>}
      <div className={css.ways}>
        {provider.data?.name && (
          <Button
            fullWidth
            size="md"
            loading={busy === "provider"}
            leftSection={<IconLogin2 size={18} aria-hidden />}
            onClick={() => void toProvider()}
          >
            {t("signIn.provider", { name: provider.data.name })}
          </Button>
        )}
        {canPasskey() && (
          <Button
            fullWidth
            size="md"
            loading={busy === "passkey"}
            leftSection={<IconFingerprint size={18} aria-hidden />}
            onClick={() => void attempt("passkey", signInWithPasskey)}
          >
            {t("signIn.passkey")}
          </Button>
        )}
      </div>
      <p className={css.foot}>
        <Link to="/reset">{t("signIn.forgot")}</Link>
      </p>
    </Alone>
  );
}
