/** Which hours the page shows when nobody has asked for certain ones. Pure. */

import type { Hour } from "./hour.ts";

export interface Range {
  readonly from: Hour;
  /** Included. */
  readonly to: Hour;
}

/**
 * Return the newest hours.
 *
 * They end with the hour that should be recorded by now, so that a fleet that nobody scores any more shows it; unless
 * the newest record lies further back than they reach: then there would be nothing but missing hours to see.
 */
export function newestHours(newest: Hour, settled: Hour, hours: number): Range {
  const to = settled > newest && settled - newest < hours ? settled : newest;
  return { from: to - hours + 1, to };
}
