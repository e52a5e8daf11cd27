/** A repair in words. */

import type { Repair } from "../api/gaps.ts";
import { counted } from "../model/format.ts";

const BEHAVIOURS = {
  none: "hours in the range that have a run are skipped",
  failed: "runs that failed run again, those that succeeded are skipped",
  completed: "every run of the range runs again",
};

export function nameOf({ action }: Repair): string {
  return { backfill: "Backfill", clear: "Clear", trigger: "Trigger" }[action];
}

export function repairSentence(repair: Repair): string {
  const [first = "", last = first] = [repair.hours[0], repair.hours.at(-1)];
  const range = first === last ? first : `${first} to ${last}`;
  const also = repair.also
    ? ` ${counted(repair.also, "complete hour")} in between ${repair.also === 1 ? "is" : "are"} scored too.`
    : "";
  if (repair.action === "backfill") {
    const { reprocess_behavior, max_active_runs } = repair.body;
    return `A backfill for ${counted(repair.hours.length, "hour")}, ${range}, ${max_active_runs} at a time: ${BEHAVIOURS[reprocess_behavior]}.${also}`;
  }
  if (repair.action === "clear") {
    return `The run${repair.hours.length === 1 ? "" : "s"} of ${range} succeeded, and ${repair.hours.length === 1 ? "is" : "are"} cleared to run again.${also}`;
  }
  return `A run of another hour has the place of ${range}, so a new run is triggered for it.`;
}
