import { expect, test } from "../fixtures/dopo";

test("the program starts on an empty database and says that it is well", async ({
  dopo,
  request,
}) => {
  const response = await request.get(`${dopo.url}/healthz`);
  expect(response.status()).toBe(200);
});
