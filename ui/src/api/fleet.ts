/** The page's own routes, and the form of their answers. */

import type { ListedHour } from "../model/history.ts";
import { type Hour, textOf } from "../model/hour.ts";
import type { Range } from "../model/range.ts";
import { type HourRecord, recordOf } from "../model/record.ts";
import type { SensorFacts } from "../model/roster.ts";
import type { Place } from "./place.ts";
import { getJson, sendJson } from "./request.ts";

export interface HoursAnswer {
  readonly from: string | null;
  readonly to: string | null;
  readonly now: string;
  readonly settled: string;
  /** First hour that was ever recorded. */
  readonly oldest: string | null;
  readonly hours: readonly ListedHour[];
}

export interface RescoreAnswer {
  readonly runs: readonly {
    readonly hour: string;
    readonly dag_run_id: string;
    readonly map_indexes: readonly number[];
    readonly batch_tasks: number;
  }[];
  readonly without_run: readonly string[];
  /** Sensors that no instance of a run scores: when it planned, they had no readings or no model. */
  readonly unplanned: readonly { readonly hour: string; readonly sensors: readonly string[] }[];
}

export function hoursOf(place: Place, range: Range | null, signal?: AbortSignal): Promise<HoursAnswer> {
  return getJson(place.api("hours") + rangeQuery(range), signal);
}

export async function recordAt(
  place: Place,
  hour: Hour,
  etag: string,
  signal?: AbortSignal,
): Promise<HourRecord> {
  const query = new URLSearchParams({ etag });
  return recordOf(await getJson(`${place.api("hours", textOf(hour))}?${query}`, signal));
}

export function sensorsOf(place: Place, signal?: AbortSignal): Promise<SensorFacts> {
  return getJson(place.api("sensors"), signal);
}

/** Ask what scoring cells again would take; this changes nothing. */
export function rescoreOf(
  place: Place,
  hours: readonly Hour[],
  sensors: readonly string[],
): Promise<RescoreAnswer> {
  return sendJson("POST", place.api("rescore"), {
    cells: hours.map((hour) => ({ hour: textOf(hour), sensors })),
  });
}

export function rangeQuery(range: Range | null): string {
  return range ? `?${new URLSearchParams({ from: textOf(range.from), to: textOf(range.to) })}` : "";
}
