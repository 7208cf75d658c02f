import { Button, PasswordInput, TextInput } from "@mantine/core";
import { type FormEvent, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import { Alone } from "../../shell/alone";
import { Link, useGo } from "../../ui/link";
import { Notice } from "../../ui/notice";
import { problemWords } from "../../ui/problem";
import css from "../sign-in/sign-in.module.css";

/** Fewest characters of a password. */
export const PASSWORD_CHARS_MIN = 12;

/** Asks for the link to a new password, or, with the link's token, takes the new password. */
export default function Reset() {
  const { t } = useTranslation("access");
  const [token] = useState(() => location.hash.slice(1));
  useEffect(() => {
    document.title = `${t("reset.title")} · Dopo`;
    // The token is worth a password: it leaves the address as soon as it is read.
    if (location.hash) {
      history.replaceState(history.state, "", location.pathname + location.search);
    }
  }, [t]);
  return <Alone>{token ? <Choose token={token} /> : <Ask />}</Alone>;
}

function Ask() {
  const { t } = useTranslation("access");
  const { t: common } = useTranslation();
  const [email, setEmail] = useState("");
  const [sent, setSent] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const onSubmit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await api.post("/password/forgot", { email: email.trim() });
      setSent(true);
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  const words = error ? problemWords(common, error) : null;
  return (
    <>
      <h1>{t("reset.title")}</h1>
      {sent ? (
        <div className={css.form}>
          <Notice tone="good" live title={t("reset.sentTitle")}>
            {t("reset.sentText")}
          </Notice>
        </div>
      ) : (
        <form onSubmit={onSubmit} className={css.form}>
          <p>{t("reset.text")}</p>
          {words && (
            <Notice tone="bad" live title={words.title}>
              {words.text}
            </Notice>
          )}
          <TextInput
            label={t("email")}
            type="email"
            autoComplete="username"
            required
            withAsterisk={false}
            value={email}
            onChange={(event) => setEmail(event.currentTarget.value)}
          />
          <Button type="submit" variant="filled" fullWidth size="md" loading={busy}>
            {t("reset.ask")}
          </Button>
        </form>
      )}
      <p className={css.foot}>
        <Link to="/sign-in">{t("reset.back")}</Link>
      </p>
    </>
  );
}

function Choose({ token }: { token: string }) {
  const { t } = useTranslation("access");
  const { t: common } = useTranslation();
  const go = useGo();
  const [password, setPassword] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const onSubmit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await api.post("/password/reset", { token, password });
      go("/sign-in", { replace: true });
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  };
  const words = error ? problemWords(common, error) : null;
  return (
    <>
      <h1>{t("reset.choose")}</h1>
      <form onSubmit={onSubmit} className={css.form}>
        {words && (
          <Notice tone="bad" live title={words.title}>
            {words.text}
          </Notice>
        )}
        <PasswordInput
          label={t("newPassword")}
          description={t("passwordRule", { count: PASSWORD_CHARS_MIN })}
          autoComplete="new-password"
          minLength={PASSWORD_CHARS_MIN}
          required
          withAsterisk={false}
          visibilityToggleButtonProps={{ "aria-label": t("showPassword"), tabIndex: 0 }}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <Button type="submit" variant="filled" fullWidth size="md" loading={busy}>
          {t("reset.save")}
        </Button>
      </form>
      <p className={css.foot}>
        <Link to="/reset">{t("reset.another")}</Link>
      </p>
    </>
  );
}
