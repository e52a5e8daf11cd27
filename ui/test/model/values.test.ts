import { expect, test } from "vitest";
import { age, count, counted, duration, moment, percent } from "../../src/model/format.ts";
import { hourOf } from "../../src/model/hour.ts";
import { newestHours } from "../../src/model/range.ts";
import { STEPS, stepName, stepOf } from "../../src/model/scale.ts";
import { selectedCells } from "../../src/model/selection.ts";
import { totalsOf } from "../../src/model/totals.ts";
import { H0, historyOf, record } from "../made.ts";

test("numbers and moments are written as people read them", () => {
  expect([count(12345), counted(1, "hour"), counted(2, "hour")]).toEqual(["12,345", "1 hour", "2 hours"]);
  expect([percent(0), percent(0.054), percent(0.0996), percent(0.5)]).toEqual([
    "0 %",
    "5.4 %",
    "10 %",
    "50 %",
  ]);
  expect([age(45e3), age(12.5 * 60e3), age(36 * 3.6e6), age(9.9 * 24 * 3.6e6)]).toEqual([
    "45 s",
    "12 min",
    "36 h",
    "9 d",
  ]);
  expect([duration(420), duration(12_340), duration(185e3), duration(72 * 60e3)]).toEqual([
    "0.42 s",
    "12.3 s",
    "3 min 5 s",
    "1 h 12 min",
  ]);
  expect(moment(Date.parse("2018-08-29T02:07:30.9Z"))).toBe("2018-08-29 02:07:30");
});

test("a rate has the step whose end it does not exceed", () => {
  expect([0, 0.0001, 0.02, 0.021, 0.5, 0.51, 1].map(stepOf)).toEqual([0, 1, 1, 2, 6, 7, 7]);
  expect([0, 1, STEPS - 1].map(stepName)).toEqual(["0", "≤ 2 %", "> 50 %"]);
});

test("the newest hours end with the one that should be recorded, unless the records end long before", () => {
  const newest = hourOf("2018-08-29T02") ?? 0;
  expect(newestHours(newest, newest, 48)).toEqual({ from: newest - 47, to: newest });
  expect(newestHours(newest, newest + 5, 48)).toEqual({ from: newest - 42, to: newest + 5 });
  expect(newestHours(newest, newest + 70_000, 48)).toEqual({ from: newest - 47, to: newest });
  // A record of an hour that is not settled yet: somebody scored it early.
  expect(newestHours(newest, newest - 3, 48)).toEqual({ from: newest - 47, to: newest });
});

test("a selection is the rectangle between its corners, without headings", () => {
  const lines = [
    { kind: "device" as const, device: "a", count: 2, troubled: 0 },
    { kind: "sensor" as const, row: 7 },
    { kind: "sensor" as const, row: 3 },
  ];
  const selection = { anchor: { line: 2, hour: 12 }, end: { line: 0, hour: 10 } };
  expect(selectedCells(selection, lines, [9, 10, 11, 12, 13])).toEqual({ rows: [7, 3], hours: [10, 11, 12] });
});

test("a selection keeps its hours when the map moves on, and loses those that leave it", () => {
  const selection = { anchor: { line: 0, hour: 9 }, end: { line: 0, hour: 10 } };
  expect(selectedCells(selection, [{ kind: "sensor", row: 1 }], [10, 11]).hours).toEqual([10]);
});

test("totals are those of the newest recorded hour", () => {
  const newest = record(H0 + 1, "SSFQU", { anomalies: [1, 2, 0, 0, 0], cost: 0.25 });
  const totals = totalsOf(historyOf(["SSSSS", newest, null]));
  expect(totals).toMatchObject({ hour: H0 + 1, readings: 200, anomalies: 3, nodeHours: 0.5, cost: 0.25 });
  expect(Object.fromEntries(totals?.counts ?? [])).toEqual({
    scored: 2,
    failed: 1,
    silent: 1,
    unmodelled: 1,
  });
  expect(totalsOf(historyOf([null]))).toBeNull();
});
