/** The cell under the keyboard's cursor, for screen readers: the canvas tells them nothing. */

import type { History } from "../model/history.ts";
import { spanOf } from "../model/hour.ts";
import type { Line } from "../model/lines.ts";
import type { Spot } from "../model/selection.ts";
import { cellSentence } from "./cell_text.ts";

interface CursorCellProps {
  readonly history: History;
  readonly lines: readonly Line[];
  readonly cursor: Spot | null;
}

export function CursorCell({ history, lines, cursor }: CursorCellProps) {
  const line = cursor && lines[cursor.line];
  return (
    <div class="unseen" role="row" tabIndex={-1} aria-rowindex={(cursor?.line ?? 0) + 1}>
      <div role="gridcell" tabIndex={-1} id="cursor-cell" aria-colindex={(cursor?.column ?? 0) + 2}>
        {line ? sentence(history, line, cursor.column) : "No cell is chosen."}
      </div>
    </div>
  );
}

function sentence(history: History, line: Line, column: number): string {
  if (line.kind === "device") return `Device ${line.device}, ${line.count} sensors`;
  const name = history.roster.name(line.row);
  const hour = history.hours[column];
  return hour === undefined
    ? name
    : `${name}, ${spanOf(hour)}: ${cellSentence(history.cell(line.row, hour))}`;
}
