/** The newest hour in numbers. */

import type { History, Mark } from "./history.ts";
import type { Hour } from "./hour.ts";

export interface Totals {
  readonly hour: Hour;
  readonly colour: string;
  readonly counts: ReadonlyMap<Mark, number>;
  readonly readings: number;
  readonly anomalies: number;
  readonly spiking: number;
  readonly nodeHours: number | null;
  readonly cost: number | null;
  readonly dagRunId: string;
}

const LETTERS: [string, Mark][] = [
  ["S", "scored"],
  ["F", "failed"],
  ["Q", "silent"],
  ["U", "unmodelled"],
];

/** Add up the newest recorded hour of the range; null if none is. */
export function totalsOf(history: History): Totals | null {
  const record = history.newest;
  if (!record) return null;
  const counts = new Map(LETTERS.map(([letter, mark]) => [mark, record.outcome.split(letter).length - 1]));
  return {
    hour: record.hour,
    colour: record.colour,
    counts,
    readings: sum(record.readings),
    anomalies: sum(record.anomalies),
    spiking: history.roster.spikingCount,
    nodeHours: record.nodeHours,
    cost: record.cost,
    dagRunId: record.dagRunId,
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
