import { Button, PasswordInput, TextInput } from "@mantine/core";
import { IconFingerprint } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import { canPasskey, signInWithPasskey, wasCancelled } from "../../api/passkey";
import { Alone } from "../../shell/alone";
import { Link, useGo } from "../../ui/link";
import { Notice } from "../../ui/notice";
import { problemWords } from "../../ui/problem";
import { useQueryState } from "../../ui/query-state";
import css from "./sign-in.module.css";

/** Sign-in by password or passkey. */
export default function SignIn() {
  const { t } = useTranslation("access");
  const { t: common } = useTranslation();
  const queries = useQueryClient();
  const go = useGo();
  const [query] = useQueryState();
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [busy, setBusy] = useState<"password" | "passkey" | null>(null);
  const [error, setError] = useState<unknown>(null);

  useEffect(() => {
    document.title = `${t("signIn.title")} · Dopo`;
  }, [t]);

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
      {canPasskey() && (
        <>
          <p className={css.or}>{t("signIn.or")}</p>
          <Button
            fullWidth
            size="md"
            loading={busy === "passkey"}
            leftSection={<IconFingerprint size={18} aria-hidden />}
            onClick={() => void attempt("passkey", signInWithPasskey)}
          >
            {t("signIn.passkey")}
          </Button>
        </>
      )}
      <p className={css.foot}>
        <Link to="/reset">{t("signIn.forgot")}</Link>
      </p>
    </Alone>
  );
}

/** Where one wanted to go, if it is inside the console. */
export function safePath(path: string | undefined): string {
  return path && /^\/(?![/\\])/.test(path) ? path : "/";
}
