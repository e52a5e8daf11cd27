import { afterEach, expect, test, vi } from "vitest";
import { getJson, type Refusal, sendJson } from "../../src/api/request.ts";

afterEach(() => vi.unstubAllGlobals());

function answering(body: string, init: ResponseInit): void {
  vi.stubGlobal("fetch", async () => new Response(body, init));
}

async function refusal(): Promise<Refusal> {
  return (await getJson("/x").catch((error: unknown) => error)) as Refusal;
}

test.each([
  ['{"detail": "At most 31 days a request."}', 422, "At most 31 days a request."],
  [
    '{"detail": [{"msg": "from is no hour"}, {"msg": "to is no hour"}]}',
    422,
    "from is no hour; to is no hour",
  ],
  ['{"detail": "Not authenticated"}', 401, "You are not signed in to Airflow, or no longer."],
  [
    '{"detail": "Only a page of this Airflow may change this."}',
    403,
    "Only a page of this Airflow may change this.",
  ],
  ['{"detail": "Forbidden"}', 403, "Your role in Airflow does not allow this."],
  ["<html>Bad gateway</html>", 502, "The server answered 502 Bad Gateway."],
])("a refusal is a sentence: %s", async (body, status, sentence) => {
  answering(body, { status, statusText: "Bad Gateway" });
  expect(await refusal()).toMatchObject({ status, message: sentence });
});

test("a server that does not answer is told from one that refuses", async () => {
  vi.stubGlobal("fetch", async () => Promise.reject(new TypeError("Failed to fetch")));
  expect(await refusal()).toMatchObject({ status: 0, message: expect.stringContaining("does not answer") });
});

test("changes are sent as JSON, which no form of another site can", async () => {
  let sent: RequestInit = {};
  vi.stubGlobal("fetch", async (_: string, init: RequestInit) => {
    sent = init;
    return new Response(null, { status: 204 });
  });
  await sendJson("DELETE", "/x");
  expect(sent.headers).toMatchObject({ "Content-Type": "application/json" });
  await sendJson("POST", "/x", { a: 1 });
  expect(sent.body).toBe('{"a":1}');
});
