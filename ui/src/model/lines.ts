/** The lines of the map, in the order in which they stand: sensors, and headings of devices. */

import type { History, Mark } from "./history.ts";
import { isUrgent, troublesOf } from "./trouble.ts";

export const SORTS = ["trouble", "name", "rate", "readings", "model", "success"] as const;
export type Sort = (typeof SORTS)[number];

/** What a person can ask for: of the newest hour, or whether the anomaly rate spikes. */
export const STATES = ["scored", "failed", "silent", "unmodelled", "spiking"] as const;
export type State = (typeof STATES)[number];

export interface Arrangement {
  readonly sort: Sort;
  readonly isReversed: boolean;
  readonly isGrouped: boolean;
  readonly text: string;
  readonly device: string;
  readonly state: State | "";
}

export type Line =
  | { readonly kind: "sensor"; readonly row: number }
  | { readonly kind: "device"; readonly device: string; readonly count: number; readonly troubled: number };

/** Return the lines; without sensors of collapsed devices. */
export function linesOf(history: History, asked: Arrangement, collapsed: ReadonlySet<string>): Line[] {
  const troubles = troublesOf(history);
  const rows = sorted(history, matching(history, asked), asked, troubles);
  if (!asked.isGrouped) return rows.map(lineOf);
  const devices = Map.groupBy(rows, (row) => history.roster.device(row));
  return [...devices].flatMap(([device, members]) => {
    const troubled = members.filter((row) => isUrgent(troubles[row] ?? 0)).length;
    const heading: Line = { kind: "device", device, count: members.length, troubled };
    return collapsed.has(device) ? [heading] : [heading, ...members.map(lineOf)];
  });
}

function lineOf(row: number): Line {
  return { kind: "sensor", row };
}

function matching(history: History, asked: Arrangement): number[] {
  const matches = matcherOf(history, asked);
  const rows: number[] = [];
  for (let row = 0; row < history.roster.size; row++) if (matches(row)) rows.push(row);
  return rows;
}

function matcherOf(history: History, asked: Arrangement): (row: number) => boolean {
  const { roster, newest } = history;
  const text = asked.text.trim().toLowerCase();
  const mark: Mark | "" = asked.state === "spiking" ? "" : asked.state;
  return (row) =>
    (!text || roster.name(row).toLowerCase().includes(text) || roster.id(row).toLowerCase().includes(text)) &&
    (!asked.device || roster.device(row) === asked.device) &&
    (asked.state !== "spiking" || roster.isSpiking(row)) &&
    (!mark || (newest !== undefined && history.mark(row, newest.hour) === mark));
}

function sorted(history: History, rows: number[], asked: Arrangement, troubles: Float64Array): number[] {
  const names = nameKeys(history, rows);
  const sign = asked.isReversed ? -1 : 1;
  const byName = (a: number, b: number) => compare(names.get(a), names.get(b));
  if (asked.sort === "name") return rows.sort((a, b) => sign * byName(a, b));
  const keys = asked.sort === "trouble" ? troubles : keysOf(history, rows, asked.sort);
  return rows.sort((a, b) => sign * ((keys[b] ?? 0) - (keys[a] ?? 0)) || byName(a, b));
}

/** Return what a column is sorted by, the highest first. */
function keysOf(
  history: History,
  rows: readonly number[],
  sort: Exclude<Sort, "name" | "trouble">,
): Float64Array {
  const { newest, roster } = history;
  const keyOf = {
    rate: (row: number) => newest && history.rateIn(row, newest),
    readings: (row: number) => newest?.readings[history.place(row, newest)],
    model: (row: number) => roster.trainedAt(row),
    success: (row: number) => history.lastScored(row),
  }[sort];
  const keys = new Float64Array(roster.size);
  for (const row of rows) keys[row] = keyOf(row) ?? -1;
  return keys;
}

/** Texts that sort as people count: 1_2 before 1_10. */
function nameKeys(history: History, rows: readonly number[]): Map<number, string> {
  const key = (row: number) => history.roster.name(row).replace(/\d+/g, (digits) => digits.padStart(12, "0"));
  return new Map(rows.map((row) => [row, key(row)]));
}

function compare(a = "", b = ""): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
