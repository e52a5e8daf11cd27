/** Where lines and hours are on the map. Lengths in CSS pixels. */

import type { Spot } from "../model/selection.ts";

export const LINE_HEIGHT = 22;
export const AXIS_HEIGHT = 44;
const NARROWEST_CELL = 6;
const WIDEST_CELL = 30;

export interface Geometry {
  /** Of the visible part. */
  readonly width: number;
  readonly height: number;
  /** Of the columns left of the cells; they stay when the cells are scrolled sideways. */
  readonly left: number;
  readonly cellWidth: number;
  readonly columnCount: number;
  readonly lineCount: number;
  readonly scrollTop: number;
  readonly scrollLeft: number;
}

/** The width of a cell: all hours fit if they can. */
export function cellWidthFor(room: number, columnCount: number): number {
  return Math.min(WIDEST_CELL, Math.max(NARROWEST_CELL, Math.floor(room / Math.max(1, columnCount))));
}

/** The whole map, most of which is scrolled out of sight. */
export function wholeSize(geometry: Geometry): { width: number; height: number } {
  return {
    width: geometry.left + geometry.columnCount * geometry.cellWidth,
    height: geometry.lineCount * LINE_HEIGHT,
  };
}

/** First line to draw, and the one after the last. */
export function visibleLines(geometry: Geometry): [number, number] {
  const first = Math.max(0, Math.floor(geometry.scrollTop / LINE_HEIGHT));
  const end = Math.ceil((geometry.scrollTop + geometry.height) / LINE_HEIGHT);
  return [first, Math.min(end, geometry.lineCount)];
}

/** First hour to draw, and the one after the last. */
export function visibleColumns(geometry: Geometry): [number, number] {
  const first = Math.max(0, Math.floor(geometry.scrollLeft / geometry.cellWidth));
  const end = Math.ceil((geometry.scrollLeft + geometry.width - geometry.left) / geometry.cellWidth);
  return [first, Math.min(end, geometry.columnCount)];
}

export function lineTop(geometry: Geometry, line: number): number {
  return line * LINE_HEIGHT - geometry.scrollTop;
}

export function columnLeft(geometry: Geometry, column: number): number {
  return geometry.left + column * geometry.cellWidth - geometry.scrollLeft;
}

/** What is at a point; column -1 is left of the cells. Null beside the map. */
export function spotAt(geometry: Geometry, x: number, y: number): Spot | null {
  const line = Math.floor((y + geometry.scrollTop) / LINE_HEIGHT);
  if (line < 0 || line >= geometry.lineCount) return null;
  const column =
    x < geometry.left ? -1 : Math.floor((x - geometry.left + geometry.scrollLeft) / geometry.cellWidth);
  return column < geometry.columnCount ? { line, column } : null;
}

/** Where keys begin: at the cursor if it can be seen, else at the top of what can, in the newest hour. */
export function firstSpot(geometry: Geometry, cursor: Spot | null): Spot {
  const [first, end] = visibleLines(geometry);
  const isSeen = cursor !== null && cursor.line >= first && cursor.line < end;
  return isSeen ? cursor : { line: first, column: geometry.columnCount - 1 };
}

/** How far to scroll so that a spot is seen whole. */
export function scrollTo(geometry: Geometry, spot: Spot): { top: number; left: number } {
  const top = spot.line * LINE_HEIGHT;
  const left = Math.max(0, spot.column) * geometry.cellWidth;
  const room = geometry.width - geometry.left;
  return {
    top: within(geometry.scrollTop, top + LINE_HEIGHT - geometry.height, top),
    left: within(geometry.scrollLeft, left + geometry.cellWidth - room, left),
  };
}

function within(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}
