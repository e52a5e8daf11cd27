import { expect, test } from "vitest";
import type { BatchTask } from "../../src/api/run.ts";
import { nodesBeside, timelineOf, timesOf } from "../../src/model/timeline.ts";

const T0 = Date.parse("2018-08-29T03:05:00Z");

/** A Batch task; moments in seconds after T0. */
function task(
  node: string,
  started: number | null,
  ended: number | null,
  more: Partial<BatchTask> = {},
): BatchTask {
  const at = (seconds: number | null) =>
    seconds === null ? null : new Date(T0 + seconds * 1000).toISOString();
  return {
    id: `${node}-${started}`,
    job: "job",
    group: "1_1",
    map_index: 0,
    attempt: 1,
    sensor_count: 1,
    state: ended === null ? "running" : "completed",
    result: ended === null ? "" : "success",
    created: at(0),
    waits_since: at(0),
    started: at(started),
    ended: at(ended),
    node,
    exit_code: ended === null ? null : 0,
    requeues: 0,
    why: "",
    ...more,
  };
}

function lanes(tasks: BatchTask[], now = 100): string[] {
  const { bars } = timelineOf(tasks, T0 + now * 1000);
  return bars.map((bar) => `${bar.task.id} ${bar.lane} ${(bar.from - T0) / 1000}-${(bar.to - T0) / 1000}`);
}

test("what ran side by side on a node has lanes of its own, and a lane is used again", () => {
  const found = lanes([task("a", 10, 20), task("a", 12, 30), task("a", 20, 25), task("b", 11, 13)]);
  expect(found).toEqual(["a-10 0 10-20", "a-12 1 12-30", "a-20 0 20-25", "b-11 2 11-13"]);
});

test("what runs goes on until now, and what waits has no bar yet", () => {
  const waiting = task("", null, null, { state: "active" });
  expect(lanes([task("a", 10, null), waiting])).toEqual(["a-10 0 10-100"]);
});

test("a task of which only the end is known is a moment on a node that nobody knows", () => {
  expect(lanes([task("", null, 42, { state: "", created: null, waits_since: null })])).toEqual([
    "-null 0 42-42",
  ]);
});

test("time begins with the first wait, and ends with the last task once all have ended", () => {
  const ended = timelineOf([task("a", 10, 20), task("a", 12, 30)], T0 + 100_000);
  expect([(ended.from - T0) / 1000, (ended.to - T0) / 1000]).toEqual([0, 30]);
  expect((timelineOf([task("a", 10, null)], T0 + 100_000).to - T0) / 1000).toBe(100);
  expect(timelineOf([], T0).nodes).toEqual([]);
});

test("waiting is counted from the last time a task was made to wait", () => {
  const requeued = task("a", 40, 50, { waits_since: new Date(T0 + 30_000).toISOString(), requeues: 1 });
  expect(timesOf(requeued, T0)).toEqual({ waited: 10_000, ran: 10_000 });
  expect(timesOf(task("", null, null), T0 + 7000)).toEqual({ waited: 7000, ran: null });
});

test("nodes without a task of the run are told by their state", () => {
  const node = (state: string, tasks: number) => ({ id: "n", state, tasks });
  const nodes = [node("running", 3), node("starting", 0), node("idle", 0), node("starting", 0), node("", 0)];
  expect(nodesBeside(nodes)).toBe("2 starting, 1 idle");
});
