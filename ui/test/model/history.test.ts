import { expect, test } from "vitest";
import { textOf } from "../../src/model/hour.ts";
import { H0, historyOf, record } from "../made.ts";

test("each outcome has its mark", () => {
  const history = historyOf(["SFQU"]);
  expect([0, 1, 2, 3].map((row) => history.mark(row, H0))).toEqual([
    "scored",
    "failed",
    "silent",
    "unmodelled",
  ]);
});

test("an hour without a record is missing once it is over, and not yet before", () => {
  const history = historyOf(["S", null, "S", null, null], { settled: H0 + 3 });
  expect(history.hours.map((hour) => history.mark(0, hour))).toEqual([
    "scored",
    "missing",
    "scored",
    "pending",
    "pending",
  ]);
});

test("the newest settled hour is not missing while its run may still be under way, but it is when the one before is", () => {
  expect(historyOf(["S", null], { settled: H0 + 1 }).mark(0, H0 + 1)).toBe("pending");
  expect(historyOf(["S", null, null], { settled: H0 + 2 }).mark(0, H0 + 2)).toBe("missing");
});

test("a sensor that a recorded hour does not know is absent in it, in whichever order records come", () => {
  const history = historyOf(["SS", "S", "SSS"]);
  expect([H0, H0 + 1, H0 + 2].map((hour) => history.mark(2, hour))).toEqual(["absent", "absent", "scored"]);
});

test("sensors are found by their ids, not by their places", () => {
  const swapped = record(H0 + 1, "SF", { sensors: ["a_1", "a_0"], readings: [7, 0] });
  const history = historyOf(["SS", swapped]);
  expect(history.mark(0, H0 + 1)).toBe("failed");
  expect(history.cell(1, H0 + 1).readings).toBe(7);
});

test("the rate is that of scored sensors with readings, and nothing else has one", () => {
  const history = historyOf([record(H0, "SSF", { readings: [200, 0, 200], anomalies: [10, 0, 10] })]);
  expect([0, 1, 2].map((row) => history.rate(row, H0))).toEqual([0.05, null, null]);
});

test("a failed sensor tells why", () => {
  const history = historyOf([record(H0, "FS", { reasons: ["no model file"], reason: { 0: 0 } })]);
  expect([history.cell(0, H0).reason, history.cell(1, H0).reason]).toEqual(["no model file", ""]);
});

test("only what is new or has changed is asked for again, the newest first", () => {
  const history = historyOf(["S", "S", "S"]);
  const listed = ["e", "changed", "e", "new"].map((etag, at) => ({ hour: textOf(H0 + at), etag }));
  const clock = { settled: H0 + 3, now: 0, oldest: H0 };
  expect(history.show(H0, H0 + 3, listed, clock)).toEqual([H0 + 3, H0 + 1]);
  expect(history.mark(0, H0 + 1)).toBe("scored");
  expect(history.mark(0, H0 + 3)).toBe("loading");
});

test("a changed record that could not be had is asked for again the next time", () => {
  const history = historyOf(["S"]);
  const listed = [{ hour: textOf(H0), etag: "changed" }];
  const clock = { settled: H0, now: 0, oldest: H0 };
  history.show(H0, H0, listed, clock);
  history.fail(H0, "the server does not answer");
  expect(history.show(H0, H0, listed, clock)).toEqual([H0]);
});

test("an hour that is no longer recorded is no longer shown", () => {
  const history = historyOf(["S", "S"]);
  history.show(H0, H0 + 1, [{ hour: textOf(H0), etag: "e" }], { settled: H0 + 5, now: 0, oldest: H0 });
  expect(history.mark(0, H0 + 1)).toBe("missing");
  expect(history.newest?.hour).toBe(H0);
});

test("an unreadable record is told from a missing one", () => {
  const history = historyOf([null]);
  history.show(H0, H0, [{ hour: textOf(H0), etag: "e" }], { settled: H0 + 5, now: 0, oldest: H0 });
  history.fail(H0, "its format is not known");
  expect(history.cell(0, H0)).toMatchObject({ mark: "unreadable", reason: "its format is not known" });
});

test("nothing is missing before the first hour that was ever recorded", () => {
  const history = historyOf([null, null, "S"], { oldest: H0 + 1 });
  expect([H0, H0 + 1].map((hour) => history.mark(0, hour))).toEqual(["before", "missing"]);
});

test("when a sensor was last scored is known once no newer record is still to be read", () => {
  const history = historyOf(["S", "F"]);
  const listed = ["e", "e", "new"].map((etag, at) => ({ hour: textOf(H0 + at), etag }));
  history.show(H0, H0 + 2, listed, { settled: H0 + 2, now: 0, oldest: H0 });
  expect(history.isLoadingAfter(history.lastScored(0))).toBe(true);
  history.fail(H0 + 2, "not JSON");
  expect(history.isLoadingAfter(history.lastScored(0))).toBe(false);
});
