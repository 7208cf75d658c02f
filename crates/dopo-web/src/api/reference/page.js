// The reference of the API: reads the OpenAPI document, lists operations and shapes, and tries them.
"use strict";
(() => {
  const it = document.documentElement.lang === "it";
  const t = (italian, english) => (it ? italian : english);
  const app = document.getElementById("app");

  /** An element with attributes, listeners (`onclick`…) and children; text is always text, never markup. */
  const el = (name, attributes = {}, ...children) => {
    const node = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (value === undefined || value === null || value === false) continue;
      if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
      else node.setAttribute(key, value === true ? "" : String(value));
    }
    for (const child of children.flat()) {
      if (child !== undefined && child !== null) node.append(child);
    }
    return node;
  };

  const methods = ["get", "post", "put", "patch", "delete"];
  let documented;

  const resolve = (thing) => {
    let found = thing;
    for (let depth = 0; found && found.$ref && depth < 8; depth += 1) {
      found = found.$ref
        .slice(2)
        .split("/")
        .reduce((at, key) => (at ? at[key] : undefined), documented);
    }
    return found || {};
  };

  const nameOf = (schema) => (schema && schema.$ref ? schema.$ref.split("/").pop() : undefined);

  /** What a schema is, in a few words. */
  const kind = (schema) => {
    if (!schema) return "";
    const name = nameOf(schema);
    if (name) return name;
    const types = [].concat(schema.type || []);
    if (types.includes("array")) return `${kind(schema.items)}[]`;
    if (schema.oneOf || schema.anyOf) {
      return (schema.oneOf || schema.anyOf).map(kind).join(" | ");
    }
    const words = types.map((type) => (type === "string" && schema.format ? schema.format : type));
    return words.join(" | ") || "any";
  };

  /** Members of an object schema, also of those put together with allOf. */
  const members = (schema) => {
    const whole = resolve(schema);
    const required = new Set(whole.required || []);
    const own = Object.entries(whole.properties || {}).map(([name, of]) => ({
      name,
      of,
      required: required.has(name),
    }));
    return (whole.allOf || []).flatMap(members).concat(own);
  };

  /** An example of a schema: its own, or one made from its members. */
  const example = (schema, depth = 0) => {
    const whole = resolve(schema);
    if (whole.example !== undefined) return whole.example;
    if (whole.examples && whole.examples.length) return whole.examples[0];
    if (depth > 5) return null;
    const types = [].concat(whole.type || []);
    const parts = members(whole);
    if (parts.length) {
      return Object.fromEntries(parts.map((part) => [part.name, example(part.of, depth + 1)]));
    }
    const choice = (whole.oneOf || whole.anyOf || []).find((one) => one.type !== "null");
    if (choice) return example(choice, depth + 1);
    if (types.includes("array")) return [example(whole.items, depth + 1)];
    if (types.includes("string")) {
      if (whole.format === "date-time") return "2026-11-22T10:00:00Z";
      if (whole.format === "date") return "2026-11-22";
      return whole.enum ? whole.enum[0] : "…";
    }
    if (types.includes("integer") || types.includes("number")) return 0;
    if (types.includes("boolean")) return false;
    return types.includes("object") ? {} : null;
  };

  const shape = (schema) => {
    const parts = members(schema);
    if (!parts.length) {
      const whole = resolve(schema);
      return whole.items ? shape(whole.items) : el("p", { class: "muted" }, kind(schema));
    }
    const rows = parts.map((part) =>
      el(
        "tr",
        {},
        el("td", {}, el("code", {}, part.name)),
        el("td", {}, el("code", {}, kind(part.of)), part.required ? "" : ` ${t("facoltativo", "optional")}`),
        el("td", { class: "muted" }, part.of.description || resolve(part.of).description || ""),
      ),
    );
    return el("table", {}, el("tbody", {}, rows));
  };

  // Whoever tries: a key lives in this page's memory only.
  const who = { key: "", shop: "" };

  const field = (label, input) => el("label", {}, label, input);

  const whoPanel = () => {
    const shops = el("select", { onchange: (event) => { who.shop = event.target.value; } });
    const state = el("p", { class: "muted" }, "");
    fetch("/api/v1/session", { headers: { accept: "application/json" } })
      .then((answer) => (answer.ok ? answer.json() : undefined))
      .then((session) => {
        if (!session) {
          shops.append(el("option", { value: "" }, t("nessuna sessione", "no session")));
          state.textContent = t(
            "Non hai una sessione aperta: usa una chiave, o entra dalla console.",
            "You are not signed in: use a key, or sign in at the console.",
          );
          return;
        }
        for (const shop of session.shops) shops.append(el("option", { value: shop.slug }, shop.name));
        who.shop = session.shops.length ? session.shops[0].slug : "";
        state.textContent = t("Sei dentro come ", "Signed in as ") + session.user.email + ".";
      })
      .catch(() => {});
    return el(
      "section",
      { class: "who", "aria-label": t("Chi chiama", "Who calls") },
      field(
        t("Chiave (resta solo in questa pagina)", "Key (stays in this page only)"),
        el("input", {
          class: "code",
          type: "password",
          autocomplete: "off",
          spellcheck: "false",
          oninput: (event) => { who.key = event.target.value.trim(); },
        }),
      ),
      field(t("Negozio, con la sessione", "Shop, with the session"), shops),
      state,
    );
  };

  const tryIt = (path, method, operation) => {
    const parameters = (operation.parameters || []).map(resolve);
    const inputs = new Map();
    const fields = parameters
      .filter((parameter) => parameter.in === "path" || parameter.in === "query")
      .map((parameter) => {
        const input = el("input", {
          class: "code",
          placeholder: parameter.example === undefined ? "" : String(parameter.example),
          required: parameter.required,
        });
        inputs.set(parameter, input);
        const label = `${parameter.name}${parameter.required ? " *" : ""}`;
        return field(label, input);
      });
    const content = operation.requestBody && resolve(operation.requestBody).content;
    const media = content && content["application/json"];
    const body = media
      ? el("textarea", { spellcheck: "false", "aria-label": t("Corpo JSON", "JSON body") })
      : undefined;
    if (body) {
      const given = media.example === undefined ? example(media.schema) : media.example;
      body.value = JSON.stringify(given, null, 2);
    }
    const answer = el("div", { role: "status" });
    const command = el("pre", { hidden: true });

    const request = () => {
      let url = path;
      const query = new URLSearchParams();
      for (const [parameter, input] of inputs) {
        const value = input.value.trim();
        if (parameter.in === "path") url = url.replace(`{${parameter.name}}`, encodeURIComponent(value));
        else if (value) query.set(parameter.name, value);
      }
      const text = query.toString();
      const headers = { accept: "application/json" };
      if (who.key) headers.authorization = `Bearer ${who.key}`;
      else if (who.shop) headers["dopo-shop"] = who.shop;
      if (body) headers["content-type"] = "application/json";
      return { url: text ? `${url}?${text}` : url, headers };
    };

    const send = async () => {
      const missing = [...inputs].find(([parameter, input]) => parameter.required && !input.value.trim());
      if (missing) {
        missing[1].focus();
        answer.replaceChildren(el("p", {}, t("Manca: ", "Missing: ") + missing[0].name));
        return;
      }
      const { url, headers } = request();
      answer.replaceChildren(el("p", { class: "muted" }, t("Chiedo…", "Asking…")));
      try {
        const began = performance.now();
        const got = await fetch(url, {
          method: method.toUpperCase(),
          headers,
          body: body ? body.value : undefined,
        });
        const type = got.headers.get("content-type") || "";
        let text;
        if (type.startsWith("text/event-stream")) {
          text = t("Flusso aperto; chiuso dopo la prova.", "Stream opened; closed after the trial.");
          if (got.body) got.body.cancel();
        } else {
          text = await got.text();
          if (type.includes("json")) text = JSON.stringify(JSON.parse(text), null, 2);
        }
        const ms = Math.round(performance.now() - began);
        answer.replaceChildren(
          el("p", {}, el("strong", {}, `${got.status} ${got.statusText}`), ` · ${ms} ms · ${type}`),
          el("pre", { tabindex: "0" }, text.slice(0, 200000)),
        );
      } catch (error) {
        answer.replaceChildren(el("p", {}, t("Nessuna risposta: ", "No answer: ") + error.message));
      }
    };

    const quote = (text) => `'${text.replaceAll("'", "'\\''")}'`;
    const curl = () => {
      const { url } = request();
      const lines = [`curl -X ${method.toUpperCase()} ${quote(location.origin + url)}`, `-H 'Authorization: Bearer KEY'`];
      if (body) lines.push("-H 'Content-Type: application/json'", `-d ${quote(body.value)}`);
      command.textContent = lines.join(" \\\n  ");
      command.hidden = false;
    };

    return [
      el("h3", {}, t("Prova", "Try it")),
      ...fields,
      body,
      el(
        "div",
        { class: "row" },
        el("button", { type: "button", onclick: send }, t("Manda", "Send")),
        el("button", { type: "button", class: "quiet", onclick: curl }, "curl"),
      ),
      command,
      answer,
    ];
  };

  const detail = (path, method, operation) => {
    const parts = [];
    if (operation.description) parts.push(el("p", {}, operation.description));
    const security = operation.security || [];
    const scopes = (security[0] && (security[0].key || security[0].session)) || [];
    let rights = t("Aperta a tutti.", "Open to all.");
    if (scopes.length) rights = `${t("Permessi", "Scopes")}: ${scopes.join(", ")}`;
    else if (security.length && security[0].key) rights = t("Qualsiasi chiave o sessione.", "Any key or session.");
    else if (security.length) rights = t("Solo con la sessione della console.", "Only with the console's session.");
    parts.push(el("p", { class: "muted" }, rights));
    const parameters = (operation.parameters || []).map(resolve);
    if (parameters.length) {
      parts.push(
        el("h3", {}, t("Parametri", "Parameters")),
        el(
          "table",
          {},
          el(
            "tbody",
            {},
            parameters.map((parameter) =>
              el(
                "tr",
                {},
                el("td", {}, el("code", {}, parameter.name), parameter.required ? " *" : ""),
                el("td", {}, `${parameter.in}, ${kind(parameter.schema)}`),
                el("td", { class: "muted" }, parameter.description || ""),
              ),
            ),
          ),
        ),
      );
    }
    const content = operation.requestBody && resolve(operation.requestBody).content;
    if (content && content["application/json"]) {
      const schema = content["application/json"].schema;
      parts.push(el("h3", {}, `${t("Corpo", "Body")} ${nameOf(schema) || ""}`), shape(schema));
    }
    parts.push(el("h3", {}, t("Risposte", "Answers")));
    for (const [status, raw] of Object.entries(operation.responses || {})) {
      const answer = resolve(raw);
      const media = answer.content && Object.entries(answer.content)[0];
      const schema = media && media[1].schema;
      const head = el("p", {}, el("strong", {}, `${status} `), answer.description || "");
      parts.push(head);
      if (schema && status.startsWith("2")) {
        const inside = el("details", {}, el("summary", {}, `${media[0]} ${kind(schema)}`));
        inside.addEventListener("toggle", () => {
          if (inside.childElementCount > 1) return;
          inside.append(shape(schema), el("pre", { tabindex: "0" }, JSON.stringify(example(schema), null, 2)));
        });
        parts.push(inside);
      }
    }
    return parts.concat(tryIt(path, method, operation));
  };

  const operationView = (path, method, operation) => {
    const body = el("div");
    const view = el(
      "details",
      { class: "op", id: operation.operationId },
      el(
        "summary",
        {},
        el("span", { class: `method ${method}` }, method.toUpperCase()),
        el("code", { class: "path" }, path),
        el("span", { class: "what" }, operation.summary || ""),
      ),
      body,
    );
    view.addEventListener("toggle", () => {
      if (view.open && !body.childElementCount) body.append(...detail(path, method, operation).filter(Boolean));
    });
    return view;
  };

  const show = () => {
    const groups = new Map((documented.tags || []).map((tag) => [tag.name, { tag, list: [] }]));
    for (const [path, item] of Object.entries(documented.paths)) {
      for (const method of methods) {
        const operation = item[method];
        if (!operation) continue;
        const name = (operation.tags || ["other"])[0];
        if (!groups.has(name)) groups.set(name, { tag: { name }, list: [] });
        groups.get(name).list.push([path, method, operation]);
      }
    }
    const full = [...groups.values()].filter((group) => group.list.length);
    const aside = el(
      "aside",
      {},
      el(
        "nav",
        { "aria-label": t("Gruppi", "Groups") },
        el("ul", {}, full.map((group) => el("li", {}, el("a", { href: `#${group.tag.name}` }, group.tag.name)))),
      ),
    );
    const main = el("main", { id: "main" }, whoPanel());
    for (const group of full) {
      main.append(
        el("h2", { id: group.tag.name }, group.tag.name),
        el("p", { class: "muted" }, group.tag.description || ""),
        ...group.list.map(([path, method, operation]) => operationView(path, method, operation)),
      );
    }
    app.replaceChildren(aside, main);
    const wanted = location.hash && document.getElementById(location.hash.slice(1));
    if (wanted) {
      if (wanted.tagName === "DETAILS") wanted.open = true;
      wanted.scrollIntoView();
    }
  };

  app.append(el("p", { class: "muted" }, t("Leggo il documento…", "Reading the document…")));
  fetch("/api/v1/openapi.json")
    .then((answer) => answer.json())
    .then((read) => {
      documented = read;
      show();
    })
    .catch(() => {
      app.replaceChildren(
        el("p", {}, t("Il documento non si legge: ricarica la pagina.", "The document cannot be read: load the page again.")),
      );
    });
})();
