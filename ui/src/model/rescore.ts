/** What scoring cells again takes. Pure. */

import type { RescoreAnswer } from "../api/fleet.ts";

/** Runs that the DAG may have active, less one for the live hour. */
const MOST_RUNS = 3;

export interface RescorePlan {
  readonly runs: RescoreAnswer["runs"];
  readonly batchTasks: number;
  /** Hours that no run can score again: a backfill can. */
  readonly withoutRun: readonly string[];
  /** Cells that no task of their run scores: there were no readings, or no model. */
  readonly unplanned: number;
  readonly isCrowded: boolean;
}

export function rescorePlan({ runs, without_run: withoutRun, unplanned }: RescoreAnswer): RescorePlan {
  return {
    runs,
    batchTasks: runs.reduce((sum, run) => sum + run.batch_tasks, 0),
    withoutRun,
    unplanned: unplanned.reduce((sum, { sensors }) => sum + sensors.length, 0),
    isCrowded: runs.length > MOST_RUNS,
  };
}
