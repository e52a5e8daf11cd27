/** Batch tasks on the nodes that they ran on: a lane for each task that ran beside others. Pure. */

import type { BatchTask, RunNode } from "../api/run.ts";

export interface Bar {
  readonly task: BatchTask;
  readonly lane: number;
  /** Milliseconds since 1970; equal where only the end is known. */
  readonly from: number;
  readonly to: number;
}

export interface NodeLanes {
  /** Empty for tasks whose node is not known. */
  readonly node: string;
  readonly firstLane: number;
  readonly laneCount: number;
  readonly taskCount: number;
}

export interface Timeline {
  readonly bars: readonly Bar[];
  readonly nodes: readonly NodeLanes[];
  readonly laneCount: number;
  /** From the first wait to the last end, or now; in whole seconds. */
  readonly from: number;
  readonly to: number;
}

const SECOND = 1000;

interface Stretch {
  readonly task: BatchTask;
  readonly from: number;
  readonly to: number;
}

/** @param now - what runs still does so until then */
export function timelineOf(tasks: readonly BatchTask[], now: number): Timeline {
  const stretches = tasks.flatMap((task) => stretchOf(task, now)).sort((a, b) => a.from - b.from);
  const byNode = Map.groupBy(stretches, ({ task }) => task.node);
  const bars: Bar[] = [];
  const nodes: NodeLanes[] = [];
  let lanes = 0;
  for (const [node, theirs] of byNode) {
    const laneCount = fill(theirs, lanes, bars);
    nodes.push({ node, firstLane: lanes, laneCount, taskCount: theirs.length });
    lanes += laneCount;
  }
  const waits = tasks.flatMap(({ created, waits_since }) => timeOf(created ?? waits_since) ?? []);
  const from = least([...waits, ...stretches.map((stretch) => stretch.from), now]);
  const isOver = tasks.length > 0 && tasks.every(({ state }) => state === "completed" || state === "");
  const to = isOver && stretches.length ? -least(stretches.map((stretch) => -stretch.to)) : now;
  // Whole seconds, as curves over time have them.
  const begin = Math.floor(from / SECOND) * SECOND;
  return {
    bars,
    nodes,
    laneCount: lanes,
    from: begin,
    to: Math.max(Math.ceil(to / SECOND) * SECOND, begin + SECOND),
  };
}

/** How long a task waited for its node, and ran, in milliseconds; null where that is not known. */
export function timesOf(task: BatchTask, now: number): { waited: number | null; ran: number | null } {
  const [since, started, ended] = [timeOf(task.waits_since), timeOf(task.started), timeOf(task.ended)];
  return {
    waited: since === null ? null : Math.max(0, (started ?? ended ?? now) - since),
    ran: started === null ? null : Math.max(0, (ended ?? now) - started),
  };
}

export function timeOf(moment: string | null): number | null {
  return moment === null ? null : Date.parse(moment);
}

function stretchOf(task: BatchTask, now: number): Stretch[] {
  const [started, ended] = [timeOf(task.started), timeOf(task.ended)];
  if (started === null) return ended === null ? [] : [{ task, from: ended, to: ended }];
  return [{ task, from: started, to: Math.max(started, ended ?? now) }];
}

/** Put each stretch into the first lane that is free by then; return how many there are. */
function fill(stretches: readonly Stretch[], firstLane: number, bars: Bar[]): number {
  const free: number[] = [];
  for (const { task, from, to } of stretches) {
    const found = free.findIndex((end) => end <= from);
    const lane = found < 0 ? free.length : found;
    free[lane] = to;
    bars.push({ task, lane: firstLane + lane, from, to });
  }
  return free.length;
}

function least(numbers: readonly number[]): number {
  return numbers.reduce((some, other) => Math.min(some, other), Number.POSITIVE_INFINITY);
}

/** The nodes of the pool on which no task of the run has run, by state: `2 starting, 1 idle`. */
export function nodesBeside(nodes: readonly RunNode[]): string {
  const beside = Map.groupBy(
    nodes.filter(({ tasks, state }) => !tasks && state),
    ({ state }) => state,
  );
  return [...beside].map(([state, theirs]) => `${theirs.length} ${state}`).join(", ");
}
