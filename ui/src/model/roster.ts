/** The sensors of the page: a row for each, in the order in which they became known. */

import { nameOf, pairOf } from "./names.ts";
import { sameValues } from "./same_values.ts";

export interface SensorFacts {
  readonly sensors: readonly string[];
  readonly device: readonly string[];
  readonly tag: readonly string[];
  readonly version: readonly (string | null)[];
  readonly trained_at: readonly (string | null)[];
  /** Usual anomaly rate, 0 to 1. */
  readonly baseline: readonly (number | null)[];
  readonly spiking: readonly string[];
}

export class Roster {
  readonly ids: string[] = [];
  private readonly rows = new Map<string, number>();
  private facts: SensorFacts | null = null;
  /** From row to place in the facts; -1 where they know nothing. */
  private place = new Int32Array(0);
  private spiking = new Set<string>();

  get size(): number {
    return this.ids.length;
  }

  rowOf(id: string): number | undefined {
    return this.rows.get(id);
  }

  /** Return the row of a sensor, a new one if it is new. */
  admit(id: string): number {
    const known = this.rows.get(id);
    if (known !== undefined) return known;
    this.rows.set(id, this.ids.length);
    return this.ids.push(id) - 1;
  }

  /**
   * Take what registry and alert history know.
   *
   * @returns whether that is news
   */
  learn(facts: SensorFacts): boolean {
    if (this.facts && isSame(this.facts, facts)) return false;
    const rows = facts.sensors.map((id) => this.admit(id));
    this.place = new Int32Array(this.ids.length).fill(-1);
    rows.forEach((row, place) => {
      this.place[row] = place;
    });
    this.facts = facts;
    this.spiking = new Set(facts.spiking);
    return true;
  }

  id(row: number): string {
    return this.ids[row] ?? "";
  }

  /** The device; of an id that leads back to none, the id. */
  device(row: number): string {
    return this.fact(row, "device") ?? pairOf(this.id(row))?.[0] ?? this.id(row);
  }

  /** All devices, in order. */
  devices(): string[] {
    const found = new Set(this.ids.map((_, row) => this.device(row)));
    return [...found].sort(new Intl.Collator("en", { numeric: true }).compare);
  }

  tag(row: number): string {
    return this.fact(row, "tag") ?? pairOf(this.id(row))?.[1] ?? "";
  }

  /** What people read. */
  name(row: number): string {
    const tag = this.tag(row);
    return tag ? nameOf(this.id(row), this.device(row), tag) : this.id(row);
  }

  version(row: number): string | null {
    return this.fact(row, "version");
  }

  trainedAt(row: number): number | null {
    const moment = this.fact(row, "trained_at");
    return moment === null ? null : Date.parse(moment);
  }

  baseline(row: number): number | null {
    return this.fact(row, "baseline");
  }

  get spikingCount(): number {
    return this.spiking.size;
  }

  isSpiking(row: number): boolean {
    return this.spiking.has(this.id(row));
  }

  private fact<Name extends Exclude<keyof SensorFacts, "spiking" | "sensors">>(
    row: number,
    name: Name,
  ): NonNullable<SensorFacts[Name][number]> | null {
    const place = this.place[row] ?? -1;
    return (place < 0 ? null : (this.facts?.[name][place] ?? null)) as NonNullable<
      SensorFacts[Name][number]
    > | null;
  }
}

function isSame(some: SensorFacts, others: SensorFacts): boolean {
  const columns = Object.keys(some) as (keyof SensorFacts)[];
  return columns.every((name) => sameValues(some[name], others[name]));
}
