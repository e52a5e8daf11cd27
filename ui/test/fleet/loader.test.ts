import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Place } from "../../src/api/place.ts";
import { Loader, type Progress } from "../../src/fleet/loader.ts";
import { textOf } from "../../src/model/hour.ts";
import { H0, wire } from "../made.ts";

const PLACE = new Place("/root", "hourly_scoring", "");
const NOTHING = { sensors: [], device: [], tag: [], version: [], trained_at: [], baseline: [], spiking: [] };
let answers: Record<string, unknown>;
let asked: string[];

beforeEach(() => {
  asked = [];
  answers = { sensors: NOTHING };
  vi.stubGlobal("fetch", async (address: string) => {
    const path = address.replace("/root/sensor-scoring/api/dags/hourly_scoring/", "");
    asked.push(path);
    const answer = answers[path];
    return answer === undefined
      ? new Response('{"detail": "The record is gone."}', { status: 404 })
      : new Response(JSON.stringify(answer));
  });
});
afterEach(() => vi.unstubAllGlobals());

function listed(from: number, to: number, settled = to) {
  const hours = Array.from({ length: to - from + 1 }, (_, at) => ({
    hour: textOf(from + at),
    etag: `"${at}"`,
    size: 1,
  }));
  return { from: textOf(from), to: textOf(to), now: "2018-08-29T03:20:00Z", settled: textOf(settled), hours };
}

async function load(range = null as { from: number; to: number } | null, hours = 48) {
  const progress: Progress[] = [];
  const loader = new Loader(PLACE, (one) => progress.push(one));
  return { loader, progress, outcome: await loader.load({ range, hours }) };
}

test("records are asked for by their content, the newest first", async () => {
  answers.hours = listed(H0 - 47, H0);
  for (let hour = H0 - 47; hour <= H0; hour++)
    answers[`hours/${textOf(hour)}?etag=%22${hour - H0 + 47}%22`] = wire(hour, "S");
  const { loader, progress, outcome } = await load();
  expect(outcome).toBe("loaded");
  const records = asked.filter((path) => path.includes("etag"));
  expect(records.length).toBe(48);
  expect(records[0]).toContain("hours/2018-08-29T00?etag=%2247%22");
  expect(loader.history.hours.every((hour) => loader.history.mark(0, hour) === "scored")).toBe(true);
  expect(progress.at(-1)).toEqual({ isNewOrder: true, isComplete: true });
});

test("a fleet that nobody scores any more shows the hours that are missing since", async () => {
  answers.hours = listed(H0, H0, H0 + 5);
  answers["hours/2018-08-29T00?etag=%220%22"] = wire(H0, "S");
  const { loader } = await load();
  expect(loader.history.hours.at(-1)).toBe(H0 + 5);
  expect(loader.history.mark(0, H0 + 5)).toBe("missing");
});

test("a longer range than the server lists by itself is asked for", async () => {
  answers.hours = listed(H0, H0);
  answers["hours?from=2018-08-22T01&to=2018-08-29T00"] = listed(H0, H0);
  answers["hours/2018-08-29T00?etag=%220%22"] = wire(H0, "S");
  const { loader } = await load(null, 168);
  expect(loader.history.hours.length).toBe(168);
});

test("one record that cannot be had leaves the others, and says why", async () => {
  answers.hours = listed(H0 - 1, H0);
  answers["hours/2018-08-29T00?etag=%221%22"] = wire(H0, "S");
  const { loader, outcome } = await load();
  expect(outcome).toBe("loaded");
  expect([...loader.history.failures]).toEqual([[H0 - 1, "The record is gone."]]);
  expect(loader.history.mark(0, H0)).toBe("scored");
});

test("records are shown even if the list of sensors cannot be had, and the error is told", async () => {
  answers = { hours: listed(H0, H0), "hours/2018-08-29T00?etag=%220%22": wire(H0, "S") };
  const loader = new Loader(PLACE, () => {});
  await expect(loader.load({ range: null, hours: 48 })).rejects.toThrow("The record is gone.");
  expect(loader.history.mark(0, H0)).toBe("scored");
});

test("a fleet without any record is empty", async () => {
  answers.hours = {
    from: null,
    to: null,
    now: "2018-08-29T03:20:00Z",
    settled: "2018-08-29T02",
    oldest: null,
    hours: [],
  };
  expect((await load()).outcome).toBe("empty");
});

test("a load that is overtaken by another changes nothing any more", async () => {
  answers.hours = listed(H0, H0);
  answers["hours/2018-08-29T00?etag=%220%22"] = wire(H0, "S");
  const loader = new Loader(PLACE, () => {});
  const first = loader.load({ range: { from: H0 - 5, to: H0 - 5 }, hours: 48 });
  const second = loader.load({ range: null, hours: 48 });
  expect([await first, await second]).toEqual(["superseded", "loaded"]);
  expect(loader.history.hours.at(-1)).toBe(H0);
});

test("a look that brings nothing new changes no order", async () => {
  answers.hours = listed(H0, H0);
  answers["hours/2018-08-29T00?etag=%220%22"] = wire(H0, "S");
  const { loader, progress } = await load();
  progress.length = 0;
  await loader.load({ range: null, hours: 48 });
  expect(progress).toEqual([{ isNewOrder: false, isComplete: true }]);
  answers.sensors = { ...NOTHING, spiking: ["a_0"] };
  await loader.load({ range: null, hours: 48 });
  expect(progress.some((one) => one.isNewOrder)).toBe(true);
});
