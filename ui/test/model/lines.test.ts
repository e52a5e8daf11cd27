import { expect, test } from "vitest";
import { FLEET } from "../../src/address.ts";
import type { History } from "../../src/model/history.ts";
import { type Arrangement, linesOf } from "../../src/model/lines.ts";
import { H0, historyOf, record } from "../made.ts";

function shown(history: History, asked: Partial<Arrangement>, collapsed: string[] = []): string[] {
  return linesOf(history, { ...FLEET, ...asked }, new Set(collapsed)).map((line) =>
    line.kind === "device" ? `[${line.device} ${line.count} ${line.troubled}]` : history.roster.id(line.row),
  );
}

function facts(ids: string[], more: object = {}) {
  return {
    sensors: ids,
    device: ids.map((id) => id.split("_")[0] ?? ""),
    tag: ids.map((id) => id.split("_")[1] ?? ""),
    version: ids.map(() => "v1"),
    trained_at: ids.map((_, at) => `2018-08-2${at}T00:00:00Z`),
    baseline: ids.map(() => 0.05),
    spiking: [],
    ...more,
  };
}

test("trouble comes first: failed, spiking, without a model, silent, troubled earlier, above its baseline", () => {
  const newest = record(H0 + 1, "SSQUSFS", { anomalies: [0, 20, 0, 0, 0, 0, 0] });
  const history = historyOf(["FSSSSSS", newest]);
  history.roster.learn(facts(["a_0", "a_1", "a_2", "a_3", "a_4", "a_5", "a_6"], { spiking: ["a_6"] }));
  expect(shown(history, {})).toEqual(["a_5", "a_6", "a_3", "a_2", "a_0", "a_1", "a_4"]);
});

test("names sort as people count", () => {
  const history = historyOf([record(H0, "SSS", { sensors: ["1_10", "1_2", "10_1"] })]);
  expect(shown(history, { sort: "name" })).toEqual(["1_2", "1_10", "10_1"]);
  expect(shown(history, { sort: "name", isReversed: true })).toEqual(["10_1", "1_10", "1_2"]);
});

test("the highest rate comes first, and who has none last", () => {
  const history = historyOf([record(H0, "SSF", { anomalies: [5, 50, 0] })]);
  expect(shown(history, { sort: "rate" })).toEqual(["a_1", "a_0", "a_2"]);
});

test("the newest model, and the latest success, come first", () => {
  const history = historyOf(["SSS", "SFF", "SFS"]);
  history.roster.learn(facts(["a_0", "a_1", "a_2"]));
  expect(shown(history, { sort: "model" })).toEqual(["a_2", "a_1", "a_0"]);
  expect(shown(history, { sort: "success" })).toEqual(["a_0", "a_2", "a_1"]);
});

test("groups stand in the order of their first sensor, and say how many are to be looked at", () => {
  const history = historyOf([record(H0, "SSFS", { sensors: ["a_1", "a_2", "b_1", "b_2"] })]);
  expect(shown(history, { isGrouped: true })).toEqual(["[b 2 1]", "b_1", "b_2", "[a 2 0]", "a_1", "a_2"]);
  expect(shown(history, { isGrouped: true }, ["b"])).toEqual(["[b 2 1]", "[a 2 0]", "a_1", "a_2"]);
});

test("a filter knows what people read, the id, the device and the state in the newest hour", () => {
  const ids = ["~3cb~3e_~c3~bc", "a_1", "a_2"];
  const history = historyOf([record(H0, "SFS", { sensors: ids })]);
  expect(shown(history, { text: "<B> / ü" })).toEqual([ids[0]]);
  expect(shown(history, { text: " A_ " })).toEqual(["a_1", "a_2"]);
  expect(shown(history, { device: "<b>" })).toEqual([ids[0]]);
  expect(shown(history, { state: "failed" })).toEqual(["a_1"]);
  expect(shown(history, { state: "spiking" })).toEqual([]);
});
