/** Which sensors a person must see first. */

import type { History, Mark } from "./history.ts";

const URGENCY: Partial<Record<Mark, number>> = { failed: 4, unmodelled: 2, silent: 1 };
const SPIKING = 3;
const STATE_WEIGHT = 1000;
const SCORED = "S".charCodeAt(0);

/**
 * Rate the trouble of every sensor; the higher, the sooner it must be seen.
 *
 * What it is in now counts most: failed, spiking, without a model, silent. Then in how many hours of the range it was
 * in trouble, and last how far its newest rate is above its baseline.
 *
 * @returns a number for each row
 */
export function troublesOf(history: History): Float64Array {
  const troubles = troubledHours(history);
  const { newest, roster } = history;
  if (!newest) return troubles;
  for (let row = 0; row < roster.size; row++) {
    const now = URGENCY[history.mark(row, newest.hour)] ?? 0;
    const state = Math.max(now, roster.isSpiking(row) ? SPIKING : 0);
    const rise = (history.rateIn(row, newest) ?? 0) - (roster.baseline(row) ?? 0);
    troubles[row] = state * STATE_WEIGHT + (troubles[row] ?? 0) + Math.min(Math.max(rise, 0), 0.999);
  }
  return troubles;
}

/** Whether somebody should look at the sensor now. */
export function isUrgent(trouble: number): boolean {
  return trouble >= STATE_WEIGHT;
}

/** Count for each row in how many hours of the range the sensor failed, was silent or had no model. */
function troubledHours(history: History): Float64Array {
  const counts = new Float64Array(history.roster.size);
  for (const hour of history.hours) {
    const record = history.record(hour);
    if (!record) continue;
    const places = history.placesIn(record);
    for (let row = 0; row < places.length; row++) {
      const place = places[row] ?? -1;
      if (place >= 0 && record.outcome.charCodeAt(place) !== SCORED) counts[row] = (counts[row] ?? 0) + 1;
    }
  }
  return counts;
}
