import { Button, PasswordInput, Stack, TextInput } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import { useChange } from "../../api/hooks";
import { SessionProvider, useSessionQuery } from "../../api/session";
import { Alone } from "../../shell/alone";
import { Link, useGo } from "../../ui/link";
import { Notice } from "../../ui/notice";
import { useProblem } from "../../ui/problem";
import { FormEnd } from "../../ui/section";
import { Failed, Loading } from "../../ui/states";
import css from "./setup.module.css";
import { Steps } from "./steps";

/** Fewest characters of a password. */
const PASSWORD_CHARS_MIN = 12;

/** From the first owner to a shop that is live. Every step can be left and come back to. */
export default function Setup() {
  const { t } = useTranslation("setup");
  const session = useSessionQuery();
  const [token] = useState(() => location.hash.slice(1));
  useEffect(() => {
    document.title = `${t("title")} · Dopo`;
    // The token makes an owner: it leaves the address as soon as it is read.
    if (location.hash) {
      history.replaceState(history.state, "", location.pathname + location.search);
    }
  }, [t]);
  const { data } = session;
  if (session.error) {
    return (
      <Alone>
        <Failed error={session.error} retry={() => void session.refetch()} />
      </Alone>
    );
  }
  if (data === undefined) {
    return <Alone>{<Loading />}</Alone>;
  }
  if (data === null) {
    return (
      <Alone>
        <First token={token} />
      </Alone>
    );
  }
  if (data.shops.length === 0) {
    return (
      <Alone>
        <NewShop />
      </Alone>
    );
  }
  return (
    <SessionProvider session={data}>
      <Alone wide aside={<Link to="/">{t("later")}</Link>}>
        <Steps />
      </Alone>
    </SessionProvider>
  );
}

function First({ token }: { token: string }) {
  const { t } = useTranslation("setup");
  const { t: access } = useTranslation("access");
  const go = useGo();
  const queries = useQueryClient();
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const needed = useQuery({
    queryKey: ["setup"],
    queryFn: () => api.get<{ needed: boolean }>("/setup"),
  });
  const make = useChange<void>(() => api.post("/setup", { token, email: email.trim(), password }), {
    onDone: () => void queries.resetQueries({ queryKey: ["session"] }),
  });
  const { words, field } = useProblem(make.error);
  const elsewhere = needed.data?.needed === false;
  useEffect(() => {
    if (elsewhere) {
      go("/sign-in?to=/setup", { replace: true });
    }
  }, [elsewhere, go]);
  if (needed.error) {
    return <Failed error={needed.error} retry={() => void needed.refetch()} />;
  }
  if (!needed.data || elsewhere) {
    return <Loading />;
  }
  if (!token) {
    return (
      <>
        <h1>{t("first.title")}</h1>
        <div className={css.gap}>
          <Notice title={t("first.noToken")}>{t("first.noTokenText")}</Notice>
        </div>
      </>
    );
  }
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    make.mutate();
  };
  return (
    <>
      <h1>{t("first.title")}</h1>
      <p className={css.lead}>{t("first.text")}</p>
      <form onSubmit={onSubmit}>
        {words && (
          <Notice tone="bad" live title={words.title}>
            {words.text}
          </Notice>
        )}
        <Stack gap={16}>
          <TextInput
            label={access("email")}
            type="email"
            autoComplete="username"
            required
            withAsterisk={false}
            value={email}
            error={field("email")}
            onChange={(event) => setEmail(event.currentTarget.value)}
          />
          <PasswordInput
            label={access("password")}
            description={access("passwordRule", { count: PASSWORD_CHARS_MIN })}
            autoComplete="new-password"
            minLength={PASSWORD_CHARS_MIN}
            required
            withAsterisk={false}
            visibilityToggleButtonProps={{ "aria-label": access("showPassword"), tabIndex: 0 }}
            value={password}
            error={field("password")}
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
          <Button type="submit" variant="filled" size="md" loading={make.isPending}>
            {t("first.do")}
          </Button>
        </Stack>
      </form>
    </>
  );
}

/** A name in addresses made from a shop's name. */
export function slugOf(name: string): string {
  return name
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 40)
    .replace(/^-+|-+$/g, "");
}

function NewShop() {
  const { t } = useTranslation("setup");
  const queries = useQueryClient();
  const [name, setName] = useState("");
  const [slug, setSlug] = useState<string | null>(null);
  const [from, setFrom] = useState("");
  const make = useChange<void>(
    () =>
      api.post("/shops", {
        slug: slug ?? slugOf(name),
        name: name.trim(),
        from_email: from.trim(),
      }),
    { onDone: () => void queries.invalidateQueries({ queryKey: ["session"] }) },
  );
  const { words, field } = useProblem(make.error);
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    make.mutate();
  };
  return (
    <>
      <h1>{t("shop.title")}</h1>
      <p className={css.lead}>{t("shop.text")}</p>
      <form onSubmit={onSubmit}>
        {words && (
          <Notice tone="bad" live title={words.title}>
            {words.text}
          </Notice>
        )}
        <Stack gap={16}>
          <TextInput
            label={t("shop.name")}
            autoComplete="organization"
            required
            withAsterisk={false}
            value={name}
            error={field("name")}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <TextInput
            label={t("shop.slug")}
            description={t("shop.slugHelp")}
            inputWrapperOrder={["label", "input", "error", "description"]}
            required
            withAsterisk={false}
            value={slug ?? slugOf(name)}
            error={field("slug")}
            onChange={(event) => setSlug(event.currentTarget.value)}
          />
          <TextInput
            label={t("shop.from")}
            description={t("shop.fromHelp")}
            inputWrapperOrder={["label", "input", "error", "description"]}
            type="email"
            required
            withAsterisk={false}
            value={from}
            error={field("from_email")}
            onChange={(event) => setFrom(event.currentTarget.value)}
          />
        </Stack>
        <FormEnd>
          <Button type="submit" variant="filled" size="md" loading={make.isPending}>
            {t("shop.do")}
          </Button>
        </FormEnd>
      </form>
    </>
  );
}
