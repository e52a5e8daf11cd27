import { expect, test } from "vitest";
import { recordOf, runOf } from "../../src/model/record.ts";
import { H0, wire } from "../made.ts";

test("a record is read with its hour as a number", () => {
  const read = recordOf(wire(H0, "SF"));
  expect([read.hour, read.dagRunId, read.sensors.length]).toEqual([H0, "run-2018-08-29T00", 2]);
});

test.each(["outcome", "readings", "anomalies", "rejected", "milliseconds"])(
  "a record whose %s are fewer than its sensors is refused, for they would stand beside another name",
  (column) => {
    const short = { ...wire(H0, "SF"), [column]: column === "outcome" ? "S" : [1] };
    expect(() => recordOf(short)).toThrow(`it has 2 sensors and 1 entries in ${column}`);
  },
);

test("a record of another format is refused", () => {
  expect(() => recordOf({ ...wire(H0, "S"), format: 2 })).toThrow("format");
  expect(() => recordOf(null)).toThrow("format");
});

test("a sensor that the newest run knows nothing of has the run that speaks for it", () => {
  const read = recordOf({
    ...wire(H0, "SF"),
    earlier_runs: [{ dag_run_id: "manual__1" }],
    earlier: { "1": 0 },
  });
  expect([runOf(read, 0), runOf(read, 1)]).toEqual(["run-2018-08-29T00", "manual__1"]);
});
