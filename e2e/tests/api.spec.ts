import { spawn } from "node:child_process";
import { tmpdir } from "node:os";
import { expect, test } from "@playwright/test";
import { Dopo } from "../fixtures/process";
import { order, SELLER } from "../fixtures/shop";

/** How long the generated requests may take, in seconds. */
const FUZZING_S = 90;
/** The operation that takes a key's rights away, and how long it is asked by itself, in seconds. */
const REVOKING = "revoke_key";
const REVOKING_S = 10;
/** What a run says at its end, in characters. */
const TAIL_CHARS = 12_000;

/**
 * Every operation of the document with requests that it allows and many that it does not: no 5xx, no status, header, body
 * or media type that the document does not name, nothing answered without a key. The live stream never ends and is tested
 * in its own place.
 */
test("the API answers as its document says, whatever it is asked", async () => {
  test.setTimeout((FUZZING_S + REVOKING_S + 180) * 1_000);
  const dopo = await Dopo.start(["serve"]);
  try {
    const seller = await dopo.write("seller.toml", SELLER);
    const shop = ["shop", "add", "casa", "--name", "Casa Faggio", "--from", "ordini@example.com"];
    expect(await dopo.run([...shop, "--seller-file", seller])).toMatchObject({ code: 0 });
    const document = await (await fetch(`${dopo.url}/api/v1/openapi.json`)).json();
    const scopes = new Set(JSON.stringify(document).match(/(?<=")[a-z]+:[a-z]+(?=")/g));
    const newKey = async (): Promise<string> => {
      const rights = [...scopes].flatMap((scope) => ["--scope", scope]);
      const made = await dopo.run(["api-key", "add", "casa", ...rights]);
      expect(made).toMatchObject({ code: 0 });
      return made.stdout.trim().split(/\s+/).pop() ?? "";
    };
    const key = await newKey();
    const told = await fetch(`${dopo.url}/api/v1/events`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify([order("1001"), order("1002")]),
    });
    expect(told.status).toBe(200);
    // Whoever may revoke keys may revoke their own: that is asked at the end.
    const rest = await fuzz(dopo, key, FUZZING_S, ["--exclude-operation-id", REVOKING]);
    expect(rest.code, rest.said).toBe(0);
    // It was asked with rights until the end, and what it keeps is still there.
    const orders = await fetch(`${dopo.url}/api/v1/orders`, {
      headers: { authorization: `Bearer ${key}` },
    });
    expect(orders.status).toBe(200);
    const revoking = await fuzz(dopo, await newKey(), REVOKING_S, [
      "--include-operation-id",
      REVOKING,
    ]);
    expect(revoking.code, revoking.said).toBe(0);
  } finally {
    await dopo.stop();
  }
});

async function fuzz(
  dopo: Dopo,
  key: string,
  seconds: number,
  which: string[],
): Promise<{ code: number | null; said: string }> {
  const program = process.env.DOPO_SCHEMATHESIS ?? "schemathesis";
  const args = [
    "run",
    `${dopo.url}/api/v1/openapi.json`,
    "--header",
    `Authorization: Bearer ${key}`,
    "--exclude-path",
    "/api/v1/live",
    ...which,
    "--phases",
    "examples,coverage,fuzzing",
    "--checks",
    "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance,ignored_auth,unsupported_method",
    "--max-time",
    String(seconds),
    "--seed",
    "1861",
    "--generation-database",
    "none",
    "--workers",
    "2",
    "--no-color",
  ];
  // It keeps what it found beside where it runs.
  const child = spawn(program, args, { cwd: tmpdir(), stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  const keep = (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-TAIL_CHARS);
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  const code = await new Promise<number | null>((done, fail) => {
    child.once("error", fail);
    child.once("close", done);
  });
  return { code, said };
}
