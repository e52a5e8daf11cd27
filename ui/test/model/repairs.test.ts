import { expect, test } from "vitest";
import type { Backfill, DagRun } from "../../src/api/airflow.ts";
import type { Repair } from "../../src/api/gaps.ts";
import { repairSentence } from "../../src/gaps/repair_text.ts";
import { progressOf } from "../../src/model/backfill_progress.ts";
import { rescorePlan } from "../../src/model/rescore.ts";

const BACKFILL: Backfill = {
  id: 7,
  from_date: "2018-08-29T00:00:00Z",
  to_date: "2018-08-29T05:00:00Z",
  created_at: "2018-08-29T12:00:00Z",
  completed_at: null,
};

function run(state: string, more: Partial<DagRun> = {}): DagRun {
  return {
    dag_run_id: "run",
    logical_date: null,
    data_interval_start: null,
    run_after: "2018-08-29T01:00:00Z",
    queued_at: "2018-08-29T12:00:01Z",
    run_type: "backfill",
    state,
    conf: null,
    ...more,
  };
}

test("a backfill's progress counts its own runs: not those it skips, nor those of the backfill before", () => {
  const runs = [
    run("success"),
    run("failed"),
    run("running"),
    run("queued"),
    run("success", { run_type: "scheduled" }),
    run("success", { queued_at: "2018-08-29T11:00:00Z" }),
  ];
  expect(progressOf(BACKFILL, runs)).toEqual({ done: 1, failed: 1, running: 1, queued: 1, isOver: false });
  expect(progressOf({ ...BACKFILL, completed_at: "2018-08-29T13:00:00Z" }, []).isOver).toBe(true);
});

test("a repair says what happens to the hours between", () => {
  const backfill: Repair = {
    action: "backfill",
    hours: ["2018-08-29T02", "2018-08-29T05"],
    also: 2,
    command: "",
    body: { dag_id: "d", from_date: "", to_date: "", reprocess_behavior: "completed", max_active_runs: 2 },
  };
  expect(repairSentence(backfill)).toBe(
    "A backfill for 2 hours, 2018-08-29T02 to 2018-08-29T05, 2 at a time: every run of the range runs again. " +
      "2 complete hours in between are scored too.",
  );
});

test("scoring again counts Batch tasks, and warns before it crowds out the live hour", () => {
  const runs = [1, 2, 3, 4].map((at) => ({
    hour: `2018-08-29T0${at}`,
    dag_run_id: `run-${at}`,
    map_indexes: [0, 3],
    batch_tasks: 2,
  }));
  const unplanned = [{ hour: "2018-08-29T01", sensors: ["1_4", "1_5"] }];
  const plan = rescorePlan({ runs, without_run: [], unplanned });
  expect([plan.batchTasks, plan.unplanned, plan.isCrowded]).toEqual([8, 2, true]);
  expect(rescorePlan({ runs: runs.slice(1), without_run: [], unplanned: [] }).isCrowded).toBe(false);
});
