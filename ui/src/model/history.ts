/** What is known of each sensor in each hour of a range: records, and where there is none, why. */

import { type Hour, hourOf, hoursBetween } from "./hour.ts";
import type { HourRecord, Outcome } from "./record.ts";
import { Roster } from "./roster.ts";
import { sameValues } from "./same_values.ts";

/** How a sensor fared in an hour, or why nothing is known of it. */
export type Mark =
  | "scored"
  | "failed"
  | "silent"
  | "unmodelled"
  | "absent" // the hour is recorded, and knows no such sensor
  | "before" // the hour lies before the first one that was ever recorded
  | "missing" // the hour is over, and nothing is recorded
  | "pending" // the hour is not over, or its run is due
  | "loading"
  | "unreadable";

export interface Cell {
  readonly mark: Mark;
  readonly readings: number;
  readonly anomalies: number;
  readonly rejected: number;
  readonly milliseconds: number;
  readonly reason: string;
}

export interface Clock {
  /** The server's, in milliseconds since 1970. */
  readonly now: number;
  /** Last hour whose readings can no longer arrive. */
  readonly settled: Hour;
  /** First hour that was ever recorded. */
  readonly oldest: Hour;
}

export interface ListedHour {
  readonly hour: string;
  readonly etag: string;
}

const MARKS: Record<Outcome, Mark> = { S: "scored", F: "failed", Q: "silent", U: "unmodelled" };
const NOWHERE = new Int32Array(0);
const NOTHING = { readings: 0, anomalies: 0, rejected: 0, milliseconds: 0, reason: "" };

export class History {
  readonly roster = new Roster();
  hours: readonly Hour[] = [];
  private clock: Clock = { now: 0, settled: 0, oldest: 0 };
  /** Of the records that the server has now. */
  private listed = new Map<Hour, string>();
  private records = new Map<Hour, HourRecord>();
  /** Of the records that are here. */
  private held = new Map<Hour, string>();
  private broken = new Map<Hour, string>();
  /** For each record, from row to place in its columns. */
  private places = new Map<HourRecord, Int32Array>();
  private last: HourRecord | undefined;

  /**
   * Show another range, or the same one again.
   *
   * @returns recorded hours whose record is not here, or is not the newest; the newest hour first
   */
  show(from: Hour, to: Hour, listed: readonly ListedHour[], clock: Clock): Hour[] {
    this.hours = hoursBetween(from, to);
    this.clock = clock;
    this.listed = new Map(listed.map(({ hour, etag }) => [hourOf(hour) ?? 0, etag]));
    this.broken.clear();
    for (const [hour, record] of this.records) {
      if (!this.listed.has(hour) || hour < from || hour > to) this.forget(hour, record);
    }
    const there = this.hours.filter((hour) => this.listed.has(hour));
    return there.filter((hour) => this.held.get(hour) !== this.listed.get(hour)).reverse();
  }

  get now(): number {
    return this.clock.now;
  }

  get settled(): Hour {
    return this.clock.settled;
  }

  etag(hour: Hour): string {
    return this.listed.get(hour) ?? "";
  }

  add(record: HourRecord, etag: string): void {
    const before = this.records.get(record.hour);
    if (before) this.forget(record.hour, before);
    this.records.set(record.hour, record);
    this.held.set(record.hour, etag);
    this.places.set(record, this.placed(record));
    this.last = record;
  }

  /** Remember why a recorded hour cannot be shown. */
  fail(hour: Hour, why: string): void {
    this.broken.set(hour, why);
  }

  get failures(): ReadonlyMap<Hour, string> {
    return this.broken;
  }

  record(hour: Hour): HourRecord | undefined {
    return this.records.get(hour);
  }

  /** The newest hour of the range that is recorded here. */
  get newest(): HourRecord | undefined {
    for (let at = this.hours.length - 1; at >= 0; at--) {
      const record = this.records.get(this.hours[at] ?? 0);
      if (record) return record;
    }
    return undefined;
  }

  /** Where each row stands in the columns of a record; -1 if it knows no such sensor, as it does of later rows. */
  placesIn(record: HourRecord): Int32Array {
    return this.places.get(record) ?? NOWHERE;
  }

  place(row: number, record: HourRecord): number {
    return this.placesIn(record)[row] ?? -1;
  }

  mark(row: number, hour: Hour): Mark {
    const record = this.records.get(hour);
    if (!record) return this.unrecorded(hour);
    const place = this.place(row, record);
    return place < 0 ? "absent" : MARKS[record.outcome.charAt(place) as Outcome];
  }

  /** Anomaly rate of a scored sensor with readings; null for everything else. */
  rate(row: number, hour: Hour): number | null {
    const record = this.records.get(hour);
    return record ? this.rateIn(row, record) : null;
  }

  rateIn(row: number, record: HourRecord): number | null {
    const place = this.place(row, record);
    const readings = record.readings[place] ?? 0;
    return place < 0 || record.outcome.charAt(place) !== "S" || !readings
      ? null
      : (record.anomalies[place] ?? 0) / readings;
  }

  /** The newest hour of the range in which the sensor was scored. */
  lastScored(row: number): Hour | null {
    for (let at = this.hours.length - 1; at >= 0; at--) {
      const hour = this.hours[at] ?? 0;
      if (this.mark(row, hour) === "scored") return hour;
    }
    return null;
  }

  /** Whether a record of the range is still to be read that is newer than this hour; than none, any record. */
  isLoadingAfter(hour: Hour | null): boolean {
    return this.hours.some((at) => at > (hour ?? -1) && this.unheld(at));
  }

  cell(row: number, hour: Hour): Cell {
    const mark = this.mark(row, hour);
    const record = this.records.get(hour);
    const place = record ? this.place(row, record) : -1;
    if (!record || place < 0) return { ...NOTHING, mark, reason: this.broken.get(hour) ?? "" };
    return {
      mark,
      readings: record.readings[place] ?? 0,
      anomalies: record.anomalies[place] ?? 0,
      rejected: record.rejected[place] ?? 0,
      milliseconds: record.milliseconds[place] ?? 0,
      reason: record.reasons[record.reason[place] ?? -1] ?? "",
    };
  }

  /** What all sensors have in an hour whose record is not here. */
  unrecorded(hour: Hour): Mark {
    if (this.broken.has(hour)) return "unreadable";
    if (this.unheld(hour)) return "loading";
    if (hour < this.clock.oldest) return "before";
    return hour < this.clock.settled || (hour === this.clock.settled && this.isLate(hour))
      ? "missing"
      : "pending";
  }

  private unheld(hour: Hour): boolean {
    return this.listed.has(hour) && !this.records.has(hour) && !this.broken.has(hour);
  }

  /** The newest settled hour is still being scored for a while, if the one before it was. */
  private isLate(hour: Hour): boolean {
    return !this.listed.has(hour - 1);
  }

  private forget(hour: Hour, record: HourRecord): void {
    this.records.delete(hour);
    this.held.delete(hour);
    this.places.delete(record);
  }

  private placed(record: HourRecord): Int32Array {
    const before = this.last && this.places.get(this.last);
    // Most hours have the sensors of their neighbours: comparing is quicker than looking each one up.
    if (this.last && before && sameValues(this.last.sensors, record.sensors)) return before;
    const rows = record.sensors.map((id) => this.roster.admit(id));
    const places = new Int32Array(this.roster.size).fill(-1);
    rows.forEach((row, place) => {
      places[row] = place;
    });
    return places;
  }
}
