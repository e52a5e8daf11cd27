/** Draws the cells of the visible lines: a colour for an anomaly rate, a mark of its own for everything else. */

import { hatchOf } from "../canvas/hatch.ts";
import type { Mark } from "../model/history.ts";
import type { Hour } from "../model/hour.ts";
import type { HourRecord } from "../model/record.ts";
import { stepOf } from "../model/scale.ts";
import { columnLeft, type Geometry, LINE_HEIGHT, lineTop, visibleColumns, visibleLines } from "./geometry.ts";
import type { Palette } from "./palette.ts";
import type { Scene } from "./scene.ts";

const GAP = 1;

export function paintCells(context: CanvasRenderingContext2D, scene: Scene): void {
  const { geometry, history } = scene;
  const [first, end] = visibleColumns(geometry);
  context.save();
  context.beginPath();
  context.rect(geometry.left, 0, geometry.width - geometry.left, geometry.height);
  context.clip();
  for (let column = first; column < end; column++) {
    const hour = history.hours[column] ?? 0;
    const record = history.record(hour);
    if (record) paintRecord(context, scene, column, record);
    else paintUnrecorded(context, scene, column, hour);
  }
  context.restore();
}

function paintRecord(
  context: CanvasRenderingContext2D,
  scene: Scene,
  column: number,
  record: HourRecord,
): void {
  const { geometry, history, lines, palette } = scene;
  const [first, end] = visibleLines(geometry);
  const [x, width] = [columnLeft(geometry, column), geometry.cellWidth - GAP];
  for (let at = first; at < end; at++) {
    const line = lines[at];
    if (line?.kind !== "sensor") continue;
    const y = lineTop(geometry, at);
    const rate = history.rateIn(line.row, record);
    if (rate !== null) {
      context.fillStyle = palette.steps[stepOf(rate)] ?? palette.line;
      context.fillRect(x, y, width, LINE_HEIGHT - GAP);
    } else {
      paintMark(context, scene, history.mark(line.row, record.hour), x, y);
    }
  }
}

/** An hour without a record is the same for all sensors. */
function paintUnrecorded(context: CanvasRenderingContext2D, scene: Scene, column: number, hour: Hour): void {
  const { geometry, lines } = scene;
  const fill = fillOf(context, scene.history.unrecorded(hour), scene.palette);
  if (!fill) return;
  const [first, end] = visibleLines(geometry);
  const [x, width] = [columnLeft(geometry, column), geometry.cellWidth - GAP];
  context.fillStyle = fill;
  for (let at = first; at < end; at++) {
    if (lines[at]?.kind === "sensor") context.fillRect(x, lineTop(geometry, at), width, LINE_HEIGHT - GAP);
  }
}

function fillOf(
  context: CanvasRenderingContext2D,
  mark: Mark,
  palette: Palette,
): string | CanvasPattern | null {
  if (mark === "missing") return hatchOf(context, palette.hatch);
  if (mark === "unreadable") return hatchOf(context, palette.broken);
  return mark === "loading" ? palette.loading : null;
}

/** Draw the mark of a recorded cell without a rate. */
export function paintMark(
  context: CanvasRenderingContext2D,
  { geometry, palette }: { geometry: Pick<Geometry, "cellWidth">; palette: Palette },
  mark: Mark,
  x: number,
  y: number,
): void {
  const width = geometry.cellWidth - GAP;
  const height = LINE_HEIGHT - GAP;
  const [middle, centre] = [x + width / 2, y + height / 2];
  const reach = Math.min(width, height) / 2 - 1.5;
  context.lineWidth = 1.5;
  context.beginPath();
  if (mark === "failed") {
    context.fillStyle = palette.failedBack;
    context.fillRect(x, y, width, height);
    const arm = Math.min(reach, 4);
    context.moveTo(middle - arm, centre - arm);
    context.lineTo(middle + arm, centre + arm);
    context.moveTo(middle + arm, centre - arm);
    context.lineTo(middle - arm, centre + arm);
    context.strokeStyle = palette.failed;
    context.stroke();
  } else if (mark === "silent") {
    context.arc(middle, centre, Math.min(reach, 3.5), 0, 2 * Math.PI);
    context.strokeStyle = palette.quiet;
    context.stroke();
  } else if (mark === "unmodelled") {
    context.fillStyle = palette.warning;
    const half = Math.min(reach, 4);
    context.fillRect(middle - half, centre - 1, 2 * half, 2);
  } else if (mark === "scored") {
    // Scored, and there was no reading to be an anomaly.
    context.fillStyle = palette.steps[0] ?? palette.line;
    context.fillRect(x, y, width, height);
  } else {
    context.fillStyle = palette.line;
    context.fillRect(middle - 1, centre - 1, 2, 2);
  }
}
