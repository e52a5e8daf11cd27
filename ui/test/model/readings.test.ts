import { expect, test } from "vitest";
import type { ReadingsAnswer } from "../../src/api/sensor.ts";
import { startOf } from "../../src/model/hour.ts";
import { hourRates, inSpan, nearest, withHoles } from "../../src/model/readings.ts";
import { H0 } from "../made.ts";

const AT = startOf(H0);
const HOUR = 3_600_000;

function readings(more: Partial<ReadingsAnswer> = {}): ReadingsAnswer {
  return {
    sensor: "1_4",
    device: "1",
    tag: "4",
    features: ["Value"],
    ts: [AT, AT + 1000, AT + 2 * HOUR],
    values: [[1, 2, 3]],
    score: [0.1, -0.2, 0.3],
    anomaly: [0, 1, 0],
    threshold: 0,
    hours: [
      { hour: "2018-08-29T00", state: "there", why: "" },
      { hour: "2018-08-29T01", state: "missing", why: "" },
      { hour: "2018-08-29T02", state: "there", why: "" },
    ],
    baseline: null,
    ...more,
  };
}

test("no line bridges an hour that is not there", () => {
  const columns = withHoles(readings());
  expect(columns.ts).toEqual([AT, AT + 1000, AT + HOUR, AT + 2 * HOUR]);
  expect(columns.values).toEqual([[1, 2, null, 3]]);
  expect(columns.score).toEqual([0.1, -0.2, null, 0.3]);
  expect(columns.anomaly).toEqual([0, 1, 0, 0]);
});

test("each hour with readings has its rate", () => {
  expect(hourRates(readings())).toEqual([
    { hour: H0, readings: 2, anomalies: 1 },
    { hour: H0 + 2, readings: 1, anomalies: 0 },
  ]);
});

test("a span holds what lies at its ends, too", () => {
  expect(inSpan(readings(), { from: AT, to: AT + 1000 })).toEqual({ readings: 2, anomalies: 1 });
  expect(inSpan(readings(), { from: AT + 1, to: AT + 999 })).toEqual({ readings: 0, anomalies: 0 });
});

test("the nearest reading is found on both sides, and at the ends", () => {
  const ts = [10, 20, 40];
  expect([0, 14, 16, 31, 99].map((moment) => nearest(ts, moment))).toEqual([10, 10, 20, 40, 40]);
  expect(nearest([], 5)).toBeNull();
});
