/** The routes about one sensor, and the form of their answers. */

import { textOf } from "../model/hour.ts";
import type { Range } from "../model/range.ts";
import { rangeQuery } from "./fleet.ts";
import type { Place } from "./place.ts";
import { getJson, sendJson } from "./request.ts";

export interface ReadHour {
  readonly hour: string;
  readonly state: "there" | "missing" | "unreadable";
  readonly why: string;
}

export interface ReadingsAnswer {
  readonly sensor: string;
  readonly device: string;
  readonly tag: string;
  readonly features: readonly string[];
  /** Milliseconds since 1970. */
  readonly ts: readonly number[];
  /** A column for each feature. */
  readonly values: readonly (readonly (number | null)[])[];
  /** The model's decision function; below the threshold is an anomaly. */
  readonly score: readonly (number | null)[];
  readonly anomaly: readonly (0 | 1)[];
  readonly threshold: number;
  readonly hours: readonly ReadHour[];
  readonly baseline: number | null;
}

export type LabelKind = "real" | "false alarm" | "maintenance";

export interface Label {
  readonly id: string;
  /** Milliseconds since 1970; the last one belongs to the span. */
  readonly from: number;
  readonly to: number;
  readonly kind: LabelKind;
  readonly note: string;
  readonly by: string;
  readonly at: string;
}

export interface ModelVersion {
  readonly version: string;
  readonly published_at: string | null;
  readonly is_current: boolean;
  readonly decision: string | null;
  readonly reason?: string | null;
  readonly compared: Readonly<Record<string, number | string | null>>;
}

export interface ModelAnswer {
  readonly version: string;
  readonly trained_at: string | null;
  readonly trained_on: Readonly<Record<string, unknown>>;
  readonly promoted_at: string | null;
  readonly history: readonly ModelVersion[];
}

export function readingsOf(
  place: Place,
  sensor: string,
  range: Range,
  signal: AbortSignal,
): Promise<ReadingsAnswer> {
  return getJson(place.api("sensors", sensor, "readings") + rangeQuery(range), signal);
}

/** Where a browser gets the readings as a file. */
export function fileOf(place: Place, sensor: string, range: Range, form: "csv" | "parquet"): string {
  return place.api("sensors", sensor, `readings.${form}`) + rangeQuery(range);
}

export function modelOf(place: Place, sensor: string, signal: AbortSignal): Promise<ModelAnswer> {
  return getJson(place.api("sensors", sensor, "model"), signal);
}

export async function labelsOf(
  place: Place,
  sensor: string,
  range: Range,
  signal?: AbortSignal,
): Promise<readonly Label[]> {
  const answer = await getJson<{ labels: Label[] }>(
    place.api("sensors", sensor, "labels") + rangeQuery(range),
    signal,
  );
  return answer.labels;
}

export interface NewLabel {
  readonly from: number;
  readonly to: number;
  readonly kind: LabelKind;
  readonly note: string;
}

export function addLabel(place: Place, sensor: string, label: NewLabel): Promise<unknown> {
  return sendJson("POST", place.api("sensors", sensor, "labels"), label);
}

export function removeLabel(place: Place, sensor: string, label: string): Promise<unknown> {
  return sendJson("DELETE", place.api("sensors", sensor, "labels", label));
}

/** Where the sensor's instances are in the runs of hours; hours without a run are left out. */
export async function instancesOf(
  place: Place,
  sensor: string,
  hours: readonly number[],
): Promise<Map<string, number>> {
  const cells = hours.map((hour) => ({ hour: textOf(hour), sensors: [sensor] }));
  const answer = await sendJson<{ runs: { dag_run_id: string; map_indexes: number[] }[] }>(
    "POST",
    place.api("rescore"),
    {
      cells,
    },
  );
  return new Map(
    answer.runs.flatMap((run) => run.map_indexes.map((index) => [run.dag_run_id, index] as const)),
  );
}
