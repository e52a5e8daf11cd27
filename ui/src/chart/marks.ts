/** What charts draw beside lines: anomalies, spans, hours that are not there, thresholds. */

import type uPlot from "uplot";
import { hatchOf } from "../canvas/hatch.ts";
import type { Span } from "../model/readings.ts";

/** Fill a span from top to bottom. */
export function fillSpan(chart: uPlot, { from, to }: Span, colour: string | CanvasPattern, alpha = 1): void {
  const [left, right] = [across(chart, from), across(chart, to)];
  const { ctx, bbox } = chart;
  inside(chart, () => {
    ctx.globalAlpha = alpha;
    ctx.fillStyle = colour;
    // A label of one reading is seen as well.
    ctx.fillRect(left, bbox.top, Math.max(right - left, 2 * devicePixelRatio), bbox.height);
  });
}

export function hatchSpan(chart: uPlot, span: Span, colour: string): void {
  const pattern = hatchOf(chart.ctx, colour);
  if (pattern) fillSpan(chart, span, pattern);
}

/** Draw a level line from side to side. */
export function drawLevel(chart: uPlot, value: number, colour: string): void {
  const { ctx, bbox } = chart;
  const y = chart.valToPos(value, "y", true);
  inside(chart, () => {
    ctx.strokeStyle = colour;
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash([4 * devicePixelRatio, 3 * devicePixelRatio]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
  });
}

/** Fill what lies between two values. */
export function fillBand(chart: uPlot, low: number, high: number, colour: string): void {
  const { ctx, bbox } = chart;
  const [bottom, top] = [chart.valToPos(low, "y", true), chart.valToPos(high, "y", true)];
  inside(chart, () => {
    ctx.fillStyle = colour;
    ctx.fillRect(bbox.left, top, bbox.width, bottom - top);
  });
}

/** Mark points with a diamond: a shape of its own, for who does not tell the colour. */
export function drawDiamonds(
  chart: uPlot,
  at: readonly number[],
  column: number,
  colour: string,
  rim: string,
): void {
  const { ctx, data } = chart;
  const reach = 4.5 * devicePixelRatio;
  inside(chart, () => {
    ctx.fillStyle = colour;
    ctx.strokeStyle = rim;
    ctx.lineWidth = devicePixelRatio;
    for (const index of at) {
      const value = data[column]?.[index];
      if (value == null) continue;
      const [x, y] = [across(chart, data[0][index] ?? 0), chart.valToPos(value, "y", true)];
      ctx.beginPath();
      ctx.moveTo(x, y - reach);
      ctx.lineTo(x + reach, y);
      ctx.lineTo(x, y + reach);
      ctx.lineTo(x - reach, y);
      ctx.closePath();
      ctx.fill();
      ctx.stroke();
    }
  });
}

function across(chart: uPlot, moment: number): number {
  return chart.valToPos(moment, "x", true);
}

function inside(chart: uPlot, draw: () => void): void {
  const { ctx, bbox } = chart;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  draw();
  ctx.restore();
}
