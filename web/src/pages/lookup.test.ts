import { expect, test } from "vitest";
import { place } from "./lookup";

function placed(attributes: string, html = ""): HTMLFormElement {
  document.documentElement.lang = "it";
  document.body.innerHTML = html;
  const script = document.createElement("script");
  script.type = "text/plain";
  Object.defineProperty(script, "src", { value: "https://dopo.example/assets/lookup.js" });
  for (const pair of attributes.split(" ")) {
    const [name = "", value = ""] = pair.split("=");
    script.setAttribute(name, value);
  }
  document.body.append(script);
  place(document, script);
  const form = document.querySelector("form");
  if (form === null) {
    throw new Error("no form was placed");
  }
  return form;
}

test("the form goes to the look-up page of its shop, in the page's language", () => {
  const form = placed("data-shop=bottega");
  expect(form.action).toBe("https://dopo.example/track/bottega?lang=it");
  expect(form.method).toBe("post");
  expect([...form.querySelectorAll("label")].map((l) => l.textContent)).toEqual([
    "Numero dell'ordine",
    "E-mail",
  ]);
  for (const input of form.querySelectorAll("input")) {
    expect(document.querySelector(`label[for="${input.id}"]`)).not.toBeNull();
  }
});

test("it stands where the shop wants it, and a shop's name is only a name", () => {
  const form = placed("data-shop=a/../b data-into=#here data-lang=en", `<div id="here"></div>`);
  expect(form.parentElement?.id).toBe("here");
  expect(form.action).toBe("https://dopo.example/track/a%2F..%2Fb?lang=en");
  expect(form.querySelector("button")?.textContent).toBe("Find my order");
});
