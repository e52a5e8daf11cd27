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
  readonly device: string | null;
  readonly tag: string | null;
  readonly features: readonly string[];
  /** Milliseconds since 1970. */
  readonly ts: readonly number[];
  /** A column for each feature. */
  readonly values: readonly (readonly (number | null)[])[];
  /** The model's decision function; the threshold or less is an anomaly. */
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

export interface TrainedOn {
  readonly from: string;
  /** First hour after those it was trained on. */
  readonly until: string;
  readonly readings: number;
  readonly libraries: Readonly<Record<string, string>>;
}

export interface ModelVersion {
  readonly version: string;
  readonly is_current: boolean;
  readonly trained_on: TrainedOn | null;
  readonly published_at: string | null;
  readonly decision: string | null;
  readonly reason: string;
  /** Measures of the new model, beside the one that was current then. */
  readonly compared: Readonly<Record<string, number | string | null>> | null;
}

/** Null stands for what is not known. */
export interface ModelAnswer {
  readonly version: string;
  readonly trained_on: TrainedOn | null;
  readonly promoted_at: string | null;
  readonly history: readonly ModelVersion[];
  /** What is not known and why, a sentence each. */
  readonly unknown: readonly string[];
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

export interface LabelsAnswer {
  readonly labels: readonly Label[];
  /** A sentence for each label that cannot be read. */
  readonly problems: readonly string[];
}

export function labelsOf(
  place: Place,
  sensor: string,
  range: Range,
  signal?: AbortSignal,
): Promise<LabelsAnswer> {
  return getJson(place.api("sensors", sensor, "labels") + rangeQuery(range), signal);
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
