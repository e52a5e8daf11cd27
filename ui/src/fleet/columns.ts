/** The columns left of the cells: what they say of a sensor, and how wide they are. */

import { age, count, percent } from "../model/format.ts";
import type { History } from "../model/history.ts";
import { endOf } from "../model/hour.ts";
import type { Sort } from "../model/lines.ts";
import { cellWidthFor } from "./geometry.ts";

export interface Column {
  readonly title: string;
  readonly hint: string;
  readonly sort: Sort;
  readonly width: number;
  readonly align: "left" | "right";
  /** Room for the text beside the main one. */
  readonly aside: number;
  /** Main text, and one beside it that matters less. */
  readonly texts: (history: History, row: number) => readonly [string, string];
}

export const SPIKE = "▲";

const NAME: Column = {
  title: "Sensor",
  hint: "The device's and the tag's own names",
  sort: "name",
  width: 180,
  aside: 0,
  align: "left",
  texts: (history, row) => [history.roster.name(row), ""],
};
const READINGS: Column = {
  title: "Readings",
  hint: "Readings in the newest recorded hour",
  sort: "readings",
  width: 76,
  aside: 0,
  align: "right",
  texts: (history, row) => {
    const { newest } = history;
    const place = newest ? history.place(row, newest) : -1;
    return [newest && place >= 0 ? count(newest.readings[place] ?? 0) : "–", ""];
  },
};
const RATE: Column = {
  title: "Rate / usual",
  hint: "Anomaly rate in the newest recorded hour, beside the sensor's baseline; ▲ marks a spike",
  sort: "rate",
  width: 122,
  aside: 50,
  align: "right",
  texts: (history, row) => {
    const { newest, roster } = history;
    const [rate, usual] = [newest && history.rateIn(row, newest), roster.baseline(row)];
    const spike = roster.isSpiking(row) ? `${SPIKE} ` : "";
    return [
      rate == null ? `${spike}–` : `${spike}${percent(rate)}`,
      usual === null ? "" : `/ ${percent(usual)}`,
    ];
  },
};
const MODEL: Column = {
  title: "Model, age",
  hint: "Version of the current model, and how old the newest readings are that it was trained on",
  sort: "model",
  width: 150,
  aside: 48,
  align: "right",
  texts: (history, row) => {
    const [version, trained] = [history.roster.version(row), history.roster.trainedAt(row)];
    // The version begins with the hour that its training ended with; the digest behind it is for the hover card.
    return [
      version?.replace(/-[0-9a-f]{10}$/, "") ?? "none",
      trained === null ? "" : age(history.now - trained),
    ];
  },
};
const SUCCESS: Column = {
  title: "Scored",
  hint: "How long ago the last hour ended in which the sensor was scored",
  sort: "success",
  width: 72,
  aside: 0,
  align: "right",
  texts: (history, row) => {
    const hour = history.lastScored(row);
    if (history.isLoadingAfter(hour)) return ["…", ""];
    const whole = history.hours.length;
    return [hour === null ? `> ${whole} h` : age(history.now - endOf(hour)), ""];
  },
};
const ALL = [NAME, READINGS, RATE, MODEL, SUCCESS] as const;
/** Where there is no room, the last ones go: the hover card has them. */
const LEAST_FOR_CELLS = 420;
const MOST_FOR_NAMES = 200;

export function columnsFor(width: number, columnCount: number): readonly Column[] {
  let used = 0;
  const shown = ALL.filter((column) => {
    used += column.width;
    return column === NAME || width - used >= LEAST_FOR_CELLS;
  });
  const room = width - widthOf(shown);
  // Cells have whole pixels; what they leave is for names.
  const left = Math.max(0, room - columnCount * cellWidthFor(room, columnCount));
  return shown.map((column) =>
    column === NAME ? { ...NAME, width: NAME.width + Math.min(left, MOST_FOR_NAMES) } : column,
  );
}

export function widthOf(columns: readonly Column[]): number {
  return columns.reduce((sum, column) => sum + column.width, 0);
}
