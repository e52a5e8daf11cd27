/** The routes about a run and the pool, and the form of their answers. Moments are ISO 8601; null is unknown. */

import type { Place } from "./place.ts";
import { getJson } from "./request.ts";

export interface UnknownPart {
  readonly part: string;
  readonly why: string;
}

export interface BatchJob {
  readonly id: string;
  readonly state: string;
  readonly created: string | null;
  readonly ended: string | null;
  readonly why_ended: string;
  readonly active: number;
  readonly running: number;
  readonly succeeded: number;
  readonly failed: number;
}

export interface BatchTask {
  readonly id: string;
  readonly job: string;
  readonly group: string;
  readonly map_index: number | null;
  readonly attempt: number | null;
  readonly sensor_count: number | null;
  readonly state: string;
  readonly result: "" | "success" | "failure";
  readonly created: string | null;
  readonly waits_since: string | null;
  readonly started: string | null;
  readonly ended: string | null;
  readonly node: string;
  readonly exit_code: number | null;
  readonly requeues: number;
  readonly why: string;
}

/** Steps: what holds from one moment to the next. */
export interface OverTime {
  readonly at: readonly string[];
  readonly waiting: readonly number[];
  readonly running: readonly number[];
  readonly nodes: readonly number[];
}

export interface RunNode {
  readonly id: string;
  /** Now; empty for one that has left the pool, or if the run is over. */
  readonly state: string;
  readonly tasks: number;
}

export interface RunPool {
  readonly id: string;
  readonly at: "now" | "the end of the run";
  readonly formula: string | null;
  readonly evaluated_at: string | null;
  readonly result: Readonly<Record<string, number | string>>;
  readonly error: string | null;
  readonly troubles: readonly string[];
}

export interface FailedSensor {
  readonly sensor: string | null;
  readonly group: string;
  readonly sensor_count: number;
  readonly reason: string;
  readonly job: string;
  readonly batch_task: string;
  readonly stderr_tail: string | null;
  readonly stderr_place: string;
}

export interface RunAnswer {
  readonly hour: string | null;
  readonly run: string;
  readonly as_of: string;
  readonly is_live: boolean | null;
  readonly colour: string | null;
  readonly counts: Readonly<Record<string, number>> | null;
  readonly jobs: readonly BatchJob[];
  readonly tasks: readonly BatchTask[];
  readonly tasks_from: "Azure Batch" | "files";
  readonly over_time: OverTime;
  readonly nodes: readonly RunNode[];
  readonly pool: RunPool | null;
  readonly node_hours: number | null;
  readonly spot_node_hours: number | null;
  readonly cost: number | null;
  readonly slowest: readonly {
    readonly sensor: string;
    readonly group: string;
    readonly seconds: number;
    readonly readings: number;
  }[];
  readonly failed: readonly FailedSensor[];
  readonly failed_count: number;
  readonly notes: readonly string[];
  readonly unknown: readonly UnknownPart[];
}

export interface NodeCounts {
  readonly dedicated: number;
  readonly spot: number;
}

export interface PoolNode {
  readonly id: string;
  readonly state: string;
  readonly since: string | null;
  readonly allocated: string | null;
  readonly is_spot: boolean;
  readonly running: number;
  readonly errors: readonly string[];
}

export interface PoolJob {
  readonly id: string;
  readonly state: string;
  readonly created: string | null;
  readonly priority: number;
  readonly active: number | null;
  readonly running: number | null;
}

export interface PoolAnswer {
  readonly id: string;
  readonly as_of: string;
  readonly state: string | null;
  readonly allocation_state: string;
  readonly allocation_since: string | null;
  readonly vm_size: string;
  readonly slots_per_node: number | null;
  readonly scales: "autoscale" | "fixed size" | null;
  readonly interval_seconds: number | null;
  readonly current: NodeCounts | null;
  readonly target: NodeCounts | null;
  readonly nodes: readonly PoolNode[];
  readonly states: Readonly<Record<string, number>>;
  readonly jobs: readonly PoolJob[];
  readonly other_jobs: number;
  readonly queue: number | null;
  readonly formula: string | null;
  readonly evaluation: {
    readonly at: string | null;
    readonly result: Readonly<Record<string, number | string>>;
    readonly error: string | null;
  } | null;
  readonly errors: readonly string[];
  readonly review: readonly string[];
  readonly next: {
    readonly evaluation_at: string | null;
    readonly floor: { readonly nodes: number; readonly until: string } | null;
    readonly sentences: readonly string[];
  } | null;
  readonly unknown: readonly UnknownPart[];
}

export function lookAtRun(place: Place, run: string, signal: AbortSignal): Promise<RunAnswer> {
  return getJson(place.api("runs", run), signal);
}

export function lookAtPool(place: Place, signal: AbortSignal): Promise<PoolAnswer> {
  return getJson(place.api("pool"), signal);
}
