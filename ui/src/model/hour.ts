/** Hours in UTC, as numbers of hours since 1970: what follows what is a sum then. Written `2018-08-29T02`. */

export type Hour = number;

const FORM = /^\d{4}-\d{2}-\d{2}T\d{2}$/;
const MS = 3_600_000;
const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** Read `2018-08-29T02`; null if it is no hour. */
export function hourOf(text: string): Hour | null {
  if (!FORM.test(text)) return null;
  const ms = Date.parse(`${text}:00:00Z`);
  // Date.parse takes 2018-02-30 for 2 March.
  return Number.isNaN(ms) || textOf(ms / MS) !== text ? null : ms / MS;
}

export function textOf(hour: Hour): string {
  return new Date(hour * MS).toISOString().slice(0, 13);
}

/** The hour that a moment lies in. */
export function hourAt(ms: number): Hour {
  return Math.floor(ms / MS);
}

export function startOf(hour: Hour): number {
  return hour * MS;
}

export function endOf(hour: Hour): number {
  return (hour + 1) * MS;
}

/** Both ends included. */
export function hoursBetween(from: Hour, to: Hour): Hour[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
}

/** `02:00` */
export function clockOf(hour: Hour): string {
  return `${textOf(hour).slice(11)}:00`;
}

/** `Wed 29 Aug` */
export function dayOf(hour: Hour): string {
  const date = new Date(hour * MS);
  return `${DAYS[date.getUTCDay()]} ${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]}`;
}

/** `Wed 29 Aug 2018, 02:00–03:00` */
export function spanOf(hour: Hour): string {
  return `${dayOf(hour)} ${textOf(hour).slice(0, 4)}, ${clockOf(hour)}–${clockOf(hour + 1)}`;
}
