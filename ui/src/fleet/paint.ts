/** Draws what is visible of the map: the lines' columns and headings, the cells, cursor and selection. */

import { fitted } from "../canvas/fitted_text.ts";
import { counted } from "../model/format.ts";
import { rectangleOf } from "../model/selection.ts";
import { SPIKE } from "./columns.ts";
import { columnLeft, LINE_HEIGHT, lineTop, visibleLines } from "./geometry.ts";
import { paintCells } from "./paint_cells.ts";
import type { Palette } from "./palette.ts";
import type { Scene } from "./scene.ts";

const PAD = 8;
/** Left of everything, as on the rest of the page. */
const MARGIN = 16;
const GAP = 1;

export function paintMap(context: CanvasRenderingContext2D, scene: Scene): void {
  const { geometry, palette, lines } = scene;
  context.fillStyle = palette.back;
  context.fillRect(0, 0, geometry.width, geometry.height);
  paintHover(context, scene);
  paintCells(context, scene);
  context.textBaseline = "middle";
  const [first, end] = visibleLines(geometry);
  for (let at = first; at < end; at++) {
    const line = lines[at];
    if (line?.kind === "device") paintHeading(context, scene, line, lineTop(geometry, at));
    if (line?.kind === "sensor") paintColumns(context, scene, line.row, lineTop(geometry, at));
  }
  paintSelection(context, scene);
  paintCursor(context, scene);
}

function paintHover(context: CanvasRenderingContext2D, { geometry, palette, hover, lines }: Scene): void {
  if (!hover || lines[hover.line]?.kind !== "sensor") return;
  context.fillStyle = palette.hover;
  context.fillRect(0, lineTop(geometry, hover.line), geometry.width, LINE_HEIGHT - GAP);
}

function paintColumns(context: CanvasRenderingContext2D, scene: Scene, row: number, top: number): void {
  const { palette, history, columns } = scene;
  const middle = top + LINE_HEIGHT / 2;
  let x = 0;
  for (const [at, column] of columns.entries()) {
    const [main, aside] = column.texts(history, row);
    const margin = at === 0 ? MARGIN : PAD;
    const room = column.width - margin - PAD;
    context.font = `${at === 0 ? 500 : 400} 12.5px ${palette.font}`;
    if (column.align === "left") {
      context.textAlign = "left";
      context.fillStyle = palette.ink;
      context.fillText(fitted(context, main, room), x + margin, middle);
    } else {
      const right = x + column.width - PAD;
      paintNumber(context, aside, right, middle, palette.soft);
      paintNumber(context, main, right - column.aside, middle, colourOf(main, palette));
    }
    x += column.width;
  }
}

function paintNumber(
  context: CanvasRenderingContext2D,
  text: string,
  right: number,
  middle: number,
  colour: string,
): void {
  context.textAlign = "right";
  context.fillStyle = colour;
  context.fillText(text, right, middle);
}

function colourOf(text: string, palette: Palette): string {
  return text.startsWith(SPIKE) ? palette.failed : palette.ink;
}

function paintHeading(
  context: CanvasRenderingContext2D,
  { geometry, palette, collapsed }: Scene,
  line: { readonly device: string; readonly count: number; readonly troubled: number },
  top: number,
): void {
  context.fillStyle = palette.heading;
  context.fillRect(0, top, geometry.width, LINE_HEIGHT - GAP);
  const middle = top + LINE_HEIGHT / 2;
  context.textAlign = "left";
  context.font = `600 12.5px ${palette.font}`;
  context.fillStyle = palette.ink;
  const text = `${collapsed.has(line.device) ? "▸" : "▾"}  ${line.device}`;
  const name = fitted(context, text, geometry.width / 2);
  context.fillText(name, MARGIN, middle);
  const after = MARGIN + context.measureText(name).width + 12;
  context.font = `400 12.5px ${palette.font}`;
  context.fillStyle = palette.soft;
  const troubled = line.troubled ? `, ${line.troubled} to look at` : "";
  context.fillText(counted(line.count, "sensor") + troubled, after, middle);
}

function paintSelection(
  context: CanvasRenderingContext2D,
  { geometry, history, selection, palette }: Scene,
): void {
  if (!selection) return;
  const { top, bottom, first, last } = rectangleOf(selection);
  const [x, y] = [columnLeft(geometry, first - (history.hours[0] ?? first)), lineTop(geometry, top)];
  const width = (last - first + 1) * geometry.cellWidth;
  const height = (bottom - top + 1) * LINE_HEIGHT;
  clipToCells(context, geometry.left, geometry.width, geometry.height, () => {
    context.strokeStyle = palette.accent;
    context.lineWidth = 2;
    context.strokeRect(x - 1.5, y - 1.5, width + 2, height + 2);
    context.globalAlpha = 0.12;
    context.fillStyle = palette.accent;
    context.fillRect(x - 0.5, y - 0.5, width, height);
    context.globalAlpha = 1;
  });
}

function paintCursor(context: CanvasRenderingContext2D, { geometry, cursor, palette }: Scene): void {
  if (!cursor) return;
  const y = lineTop(geometry, cursor.line);
  context.strokeStyle = palette.ink;
  context.lineWidth = 2;
  if (cursor.column < 0) {
    context.strokeRect(1, y, geometry.left - 3, LINE_HEIGHT - GAP);
    return;
  }
  clipToCells(context, geometry.left - 2, geometry.width, geometry.height, () =>
    context.strokeRect(columnLeft(geometry, cursor.column) - 0.5, y - 0.5, geometry.cellWidth, LINE_HEIGHT),
  );
}

function clipToCells(
  context: CanvasRenderingContext2D,
  left: number,
  width: number,
  height: number,
  draw: () => void,
): void {
  context.save();
  context.beginPath();
  context.rect(left, 0, width - left, height);
  context.clip();
  draw();
  context.restore();
}
