/** Draws the hours above the cells: days, clock times, and how the run of each hour ended. */

import { clockOf, dayOf, type Hour, startOf } from "../model/hour.ts";
import { AXIS_HEIGHT, columnLeft, visibleColumns } from "./geometry.ts";
import type { Scene } from "./scene.ts";

const BAND = 5;
const LABEL_ROOM = 40;
const STEPS = [1, 2, 3, 6, 12, 24];

type AxisScene = Pick<Scene, "geometry" | "history" | "palette" | "hover">;

export function paintAxis(context: CanvasRenderingContext2D, scene: AxisScene): void {
  const { geometry, history, palette } = scene;
  const [first, end] = visibleColumns(geometry);
  const every = STEPS.find((step) => step * geometry.cellWidth >= LABEL_ROOM) ?? 24;
  context.fillStyle = palette.back;
  context.fillRect(0, 0, geometry.width, AXIS_HEIGHT);
  context.save();
  context.beginPath();
  context.rect(geometry.left, 0, geometry.width - geometry.left, AXIS_HEIGHT);
  context.clip();
  context.textBaseline = "alphabetic";
  context.textAlign = "left";
  for (let column = first; column < end; column++) {
    const hour = history.hours[column] ?? 0;
    const x = columnLeft(geometry, column);
    if (hourOfDay(hour) === 0 || column === first) paintDay(context, scene, column, hour, x);
    if (hourOfDay(hour) % every === 0) paintClock(context, scene, column, hour, x);
    paintBand(context, scene, hour, x);
  }
  context.restore();
}

function hourOfDay(hour: Hour): number {
  return new Date(startOf(hour)).getUTCHours();
}

/** Write the day above its hours, as much of its name as they have room for. */
function paintDay(
  context: CanvasRenderingContext2D,
  { geometry, palette }: AxisScene,
  column: number,
  hour: Hour,
  x: number,
): void {
  const hours = Math.min(24 - hourOfDay(hour), geometry.columnCount - column);
  const room = Math.min(hours * geometry.cellWidth, geometry.width - x) - 4;
  const [name = "", date = "", month = ""] = dayOf(hour).split(" ");
  context.font = `600 11.5px ${palette.font}`;
  context.fillStyle = palette.ink;
  const fits = (text: string) => context.measureText(text).width <= room;
  context.fillText([`${name} ${date} ${month}`, `${date} ${month}`, date].find(fits) ?? "", x + 1, 13);
}

function paintClock(
  context: CanvasRenderingContext2D,
  scene: AxisScene,
  column: number,
  hour: Hour,
  x: number,
): void {
  const { palette, hover } = scene;
  const text = clockOf(hour);
  context.font = `400 11px ${palette.font}`;
  if (x + context.measureText(text).width > scene.geometry.width) return;
  context.fillStyle = hover?.column === column ? palette.ink : palette.soft;
  context.fillText(text, x + 1, 29);
}

function paintBand(
  context: CanvasRenderingContext2D,
  { geometry, history, palette }: AxisScene,
  hour: Hour,
  x: number,
): void {
  const record = history.record(hour);
  const colours: Record<string, string> = {
    green: palette.good,
    amber: palette.warning,
    red: palette.failed,
  };
  context.fillStyle = (record && colours[record.colour]) ?? palette.line;
  // Not by colour alone: the redder, the taller.
  const height = record?.colour === "red" ? BAND + 3 : record?.colour === "amber" ? BAND : record ? 3 : 1;
  context.fillRect(x, AXIS_HEIGHT - 2 - height, geometry.cellWidth - 1, height);
}
