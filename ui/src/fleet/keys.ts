/** What keys do to the cursor of the map. Pure. */

import type { Spot } from "../model/selection.ts";

export interface Extent {
  readonly lineCount: number;
  readonly columnCount: number;
  /** Lines on a screen. */
  readonly page: number;
}

/** Return where a key moves the cursor; null if it is none of these keys. */
export function moved(cursor: Spot, key: string, isControl: boolean, extent: Extent): Spot | null {
  const { lineCount, columnCount, page } = extent;
  const steps: Record<string, Spot> = {
    ArrowUp: { ...cursor, line: isControl ? 0 : cursor.line - 1 },
    ArrowDown: { ...cursor, line: isControl ? lineCount - 1 : cursor.line + 1 },
    ArrowLeft: { ...cursor, column: isControl ? 0 : cursor.column - 1 },
    ArrowRight: { ...cursor, column: isControl ? columnCount - 1 : cursor.column + 1 },
    PageUp: { ...cursor, line: cursor.line - page },
    PageDown: { ...cursor, line: cursor.line + page },
    Home: isControl ? { line: 0, column: 0 } : { ...cursor, column: 0 },
    End: isControl
      ? { line: lineCount - 1, column: columnCount - 1 }
      : { ...cursor, column: columnCount - 1 },
  };
  const step = steps[key];
  return step
    ? { line: within(step.line, 0, lineCount - 1), column: within(step.column, -1, columnCount - 1) }
    : null;
}

function within(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(value, most));
}
