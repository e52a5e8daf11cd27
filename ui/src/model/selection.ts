/** A rectangle of cells: lines by hours. It keeps its hours when the map moves on by one. */

import type { Hour } from "./hour.ts";
import type { Line } from "./lines.ts";

/** A place on the map; column -1 is left of the cells. */
export interface Spot {
  readonly line: number;
  readonly column: number;
}

export interface Corner {
  readonly line: number;
  readonly hour: Hour;
}

export interface Selection {
  readonly anchor: Corner;
  readonly end: Corner;
}

export interface Rectangle {
  readonly top: number;
  readonly bottom: number;
  readonly first: Hour;
  readonly last: Hour;
}

export function rectangleOf({ anchor, end }: Selection): Rectangle {
  return {
    top: Math.min(anchor.line, end.line),
    bottom: Math.max(anchor.line, end.line),
    first: Math.min(anchor.hour, end.hour),
    last: Math.max(anchor.hour, end.hour),
  };
}

export interface SelectedCells {
  readonly rows: readonly number[];
  readonly hours: readonly Hour[];
}

/** Return what is selected of what is shown; headings of devices are no cells. */
export function selectedCells(
  selection: Selection,
  lines: readonly Line[],
  hours: readonly Hour[],
): SelectedCells {
  const { top, bottom, first, last } = rectangleOf(selection);
  const rows = lines.slice(top, bottom + 1).flatMap((line) => (line.kind === "sensor" ? [line.row] : []));
  return { rows, hours: hours.filter((hour) => hour >= first && hour <= last) };
}
