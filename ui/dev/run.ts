/** A made-up run on a made-up pool. */

import { hourOf, startOf, textOf } from "../src/model/hour.ts";
import type { MadeFleet } from "./fleet.ts";
import { randomOf } from "./random.ts";

const SLOTS = 4;
const NODES = 6;
const FORMULA = `startingNumberOfVMs = 1;
maxNumberOfVMs = 20;
samples = $ActiveTasks.GetSamplePercent(TimeInterval_Minute * 5);
waiting = samples < 70 ? max(0, $ActiveTasks.GetSample(1)) : avg($ActiveTasks.GetSample(TimeInterval_Minute * 5));
$TargetDedicatedNodes = min(maxNumberOfVMs, max(startingNumberOfVMs, waiting / $TaskSlotsPerNode));
$NodeDeallocationOption = taskcompletion;`;

export function madeRun(run: string, fleet: MadeFleet): object {
  const hour = hourOf(run.replace("scheduled__", "").slice(0, 13)) ?? fleet.newest + 1;
  const start = startOf(hour) + 300_000;
  const { tasks, end } = tasksOf(fleet, start);
  const changes = tasks.flatMap(({ started, ended }) => [Date.parse(started), Date.parse(ended)]);
  const moments = [...new Set([start, ...changes])].sort((a, b) => a - b);
  const during = (moment: number) =>
    tasks.filter((task) => Date.parse(task.started) <= moment && moment < Date.parse(task.ended));
  const failed = tasks.filter(({ result }) => result === "failure");
  return {
    hour: textOf(hour - 1),
    run: "scoring-20180829T02-0123456789",
    as_of: new Date(end + 60_000).toISOString(),
    is_live: false,
    colour: failed.length ? "red" : "green",
    counts: { scored: tasks.length - failed.length, failed: failed.length, silent: 2, "no model": 2 },
    jobs: [
      {
        id: "scoring-20180829T02-0123456789-g1",
        state: "completed",
        created: iso(start - 8000),
        ended: iso(end + 9000),
        why_ended: "the hour is scored",
        active: 0,
        running: 0,
        succeeded: tasks.length - failed.length,
        failed: failed.length,
      },
    ],
    tasks,
    tasks_from: "Azure Batch",
    over_time: {
      at: moments.map(iso),
      waiting: moments.map((moment) => tasks.filter((task) => Date.parse(task.started) > moment).length),
      running: moments.map((moment) => during(moment).length),
      nodes: moments.map((moment) => new Set(during(moment).map(({ node }) => node)).size),
    },
    nodes: [],
    pool: {
      id: "pool",
      at: "the end of the run",
      formula: null,
      evaluated_at: iso(start + 240_000),
      result: { $TargetDedicatedNodes: 6, $NodeDeallocationOption: "taskcompletion" },
      error: null,
      troubles: [],
    },
    node_hours: 0.42,
    spot_node_hours: 0,
    cost: 0.12,
    slowest: tasks
      .slice(0, 10)
      .map(({ group }, at) => ({ sensor: group, group, seconds: 4.2 - at / 5, readings: 240 })),
    failed: failed.map(({ group, job, id, why }) => ({
      sensor: group,
      group,
      sensor_count: 1,
      reason: why,
      job,
      batch_task: id,
      stderr_tail:
        'Traceback (most recent call last):\n  File "/app/scorer/models/files.py", line 41, in read\nModelError: models/x.json has the digest 41c0…, not 9be2…\n',
      stderr_place: "log container",
    })),
    failed_count: failed.length,
    notes: [],
    unknown: [],
  };
}

function tasksOf(fleet: MadeFleet, start: number) {
  const random = randomOf(5);
  const free = Array.from(
    { length: NODES * SLOTS },
    (_, slot) => start + (Math.floor(slot / SLOTS) < 2 ? 2000 : 95_000 + 9000 * Math.floor(slot / SLOTS)),
  );
  const tasks = fleet.ids.slice(0, 400).map((group, at) => {
    const slot = free.indexOf(Math.min(...free));
    const started = Math.max(start + 1500, free[slot] ?? 0) + random() * 800;
    const ended = started + 3000 + random() * 9000;
    free[slot] = ended;
    const isBad = at % 59 === 7;
    return {
      id: `t${at}`,
      job: "scoring-20180829T02-0123456789-g1",
      group,
      map_index: at,
      attempt: 1,
      sensor_count: 1,
      state: "completed",
      result: isBad ? "failure" : "success",
      created: iso(start),
      waits_since: iso(start),
      started: iso(started),
      ended: iso(ended),
      node: `tvmps_${1000 + Math.floor(slot / SLOTS)}_d`,
      exit_code: isBad ? 4 : 0,
      requeues: 0,
      why: isBad ? "its model differs from the registered one" : "",
    };
  });
  return { tasks, end: Math.max(...free) };
}

export function madePool(): object {
  const now = Date.parse("2018-08-29T03:20:00Z");
  const states = ["idle", "running", "running", "starting", "unusable"];
  return {
    id: "pool",
    as_of: iso(now),
    state: "active",
    allocation_state: "steady",
    allocation_since: iso(now - 190_000),
    vm_size: "standard_d2s_v3",
    slots_per_node: SLOTS,
    scales: "autoscale",
    interval_seconds: 300,
    current: { dedicated: 4, spot: 1 },
    target: { dedicated: 6, spot: 1 },
    nodes: states.map((state, at) => ({
      id: `tvmps_${1000 + at}_d`,
      state,
      since: iso(now - 60_000 * (at + 1)),
      allocated: iso(now - 600_000),
      is_spot: at === 2,
      running: state === "running" ? 3 : 0,
      errors: state === "unusable" ? ["DiskFull: No space left on device"] : [],
    })),
    states: { idle: 1, running: 2, starting: 1, unusable: 1 },
    jobs: [
      {
        id: "scoring-20180829T02-0123456789-g1",
        state: "active",
        created: iso(now - 120_000),
        priority: 0,
        active: 12,
        running: 6,
      },
    ],
    other_jobs: 1,
    queue: 12,
    formula: FORMULA,
    evaluation: {
      at: iso(now - 100_000),
      result: { $TargetDedicatedNodes: 6, $TargetLowPriorityNodes: 1 },
      error: null,
    },
    errors: [
      "pool pool: node tvmps_1004_d is unusable (DiskFull: No space left on device); its image may not be pullable or its disk is full; read its errors, then remove it",
    ],
    review: [],
    next: {
      evaluation_at: iso(now + 200_000),
      floor: { nodes: 6, until: iso(now + 900_000) },
      sentences: [
        "The formula is evaluated next at 03:23:20 UTC, or as soon as a run announces its load.",
        "The formula holds 6 nodes until 03:35:00 UTC: that is announced.",
      ],
    },
    unknown: [],
  };
}

function iso(moment: number): string {
  return new Date(moment).toISOString();
}
