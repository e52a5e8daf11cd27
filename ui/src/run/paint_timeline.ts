/** Draws Batch tasks on the lanes of their nodes. */

import { fitted } from "../canvas/fitted_text.ts";
import type { Bar, Timeline } from "../model/timeline.ts";
import { timeOf } from "../model/timeline.ts";

export const NAMES_WIDTH = 190;
export const MARGIN = 16;
/** As charts have it. */
const RIGHT = 34;
const LANE = 12;
const NODE_GAP = 5;
const TIMES = 20;
/** A task of a moment is seen as well. */
const LEAST_BAR = 2;

export interface TimelinePalette {
  readonly back: string;
  readonly ink: string;
  readonly soft: string;
  readonly line: string;
  readonly done: string;
  readonly running: string;
  readonly failed: string;
  readonly waiting: string;
  readonly font: string;
}

export interface TimelineScene {
  readonly timeline: Timeline;
  readonly palette: TimelinePalette;
  readonly width: number;
  readonly height: number;
  readonly pointed: Bar | null;
}

export function timelinePaletteOf(element: Element): TimelinePalette {
  const style = getComputedStyle(element);
  const named = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    back: named("back"),
    ink: named("ink"),
    soft: named("soft"),
    line: named("line"),
    done: named("good"),
    running: named("accent"),
    failed: named("failed"),
    waiting: named("warning"),
    font: style.fontFamily,
  };
}

export function heightOf({ laneCount, nodes }: Timeline): number {
  return TIMES + laneCount * LANE + nodes.length * NODE_GAP + NODE_GAP;
}

export function paintTimeline(pen: CanvasRenderingContext2D, scene: TimelineScene): void {
  const { palette, timeline, width, height } = scene;
  pen.fillStyle = palette.back;
  pen.fillRect(0, 0, width, height);
  paintTimes(pen, scene);
  const tops = topsOf(timeline);
  for (const [at, node] of timeline.nodes.entries()) {
    const top = TIMES + node.firstLane * LANE + (at + 1) * NODE_GAP;
    pen.fillStyle = palette.line;
    pen.fillRect(MARGIN, top - NODE_GAP / 2, width - 2 * MARGIN, 1);
    pen.font = `400 12px ${palette.font}`;
    pen.textAlign = "left";
    pen.textBaseline = "middle";
    pen.fillStyle = palette.ink;
    const name = fitted(pen, node.node || "node unknown", NAMES_WIDTH - MARGIN - 10);
    pen.fillText(name, MARGIN, top + Math.min(node.laneCount * LANE, LANE) / 2 + 1);
  }
  for (const bar of timeline.bars) paintBar(pen, scene, bar, tops[bar.lane] ?? 0);
  if (scene.pointed) paintWait(pen, scene, scene.pointed, tops[scene.pointed.lane] ?? 0);
}

export function barAt(scene: TimelineScene, x: number, y: number): Bar | null {
  const tops = topsOf(scene.timeline);
  return (
    scene.timeline.bars.findLast((bar) => {
      const top = tops[bar.lane] ?? 0;
      const [left, right] = endsOf(scene, bar);
      return y >= top && y < top + LANE && x >= left - 1 && x <= right + 1;
    }) ?? null
  );
}

function topsOf({ nodes, laneCount }: Timeline): number[] {
  const tops: number[] = new Array(laneCount).fill(0);
  for (const [at, { firstLane, laneCount: lanes }] of nodes.entries()) {
    for (let lane = firstLane; lane < firstLane + lanes; lane++)
      tops[lane] = TIMES + lane * LANE + (at + 1) * NODE_GAP;
  }
  return tops;
}

function across({ timeline, width }: TimelineScene, moment: number): number {
  const room = width - NAMES_WIDTH - RIGHT;
  return NAMES_WIDTH + (room * (moment - timeline.from)) / (timeline.to - timeline.from);
}

function endsOf(scene: TimelineScene, bar: Bar): [number, number] {
  const left = across(scene, bar.from);
  return [left, Math.max(left + LEAST_BAR, across(scene, bar.to) - 0.5)];
}

function paintBar(pen: CanvasRenderingContext2D, scene: TimelineScene, bar: Bar, top: number): void {
  const { palette } = scene;
  const [left, right] = endsOf(scene, bar);
  const { result, state } = bar.task;
  pen.fillStyle =
    result === "failure" ? palette.failed : state === "running" ? palette.running : palette.done;
  pen.fillRect(left, top + 1, right - left, LANE - 2);
  if (result === "failure" && right - left >= 7)
    paintCross(pen, palette.back, (left + right) / 2, top + LANE / 2);
}

/** Not by colour alone. */
function paintCross(pen: CanvasRenderingContext2D, colour: string, x: number, y: number): void {
  pen.strokeStyle = colour;
  pen.lineWidth = 1.5;
  pen.beginPath();
  pen.moveTo(x - 2.5, y - 2.5);
  pen.lineTo(x + 2.5, y + 2.5);
  pen.moveTo(x + 2.5, y - 2.5);
  pen.lineTo(x - 2.5, y + 2.5);
  pen.stroke();
}

/** Show from when on the task under the pointer waited for its node. */
function paintWait(pen: CanvasRenderingContext2D, scene: TimelineScene, bar: Bar, top: number): void {
  const { palette } = scene;
  const [left, right] = endsOf(scene, bar);
  const since = timeOf(bar.task.waits_since);
  if (since !== null) {
    pen.fillStyle = palette.waiting;
    pen.fillRect(across(scene, since), top + LANE / 2 - 1.5, left - across(scene, since), 3);
  }
  pen.strokeStyle = palette.ink;
  pen.lineWidth = 1.5;
  pen.strokeRect(left - 0.5, top + 0.5, right - left + 1, LANE - 1);
}

const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600].map(
  (seconds) => seconds * 1000,
);
const LABEL_ROOM = 80;

function paintTimes(pen: CanvasRenderingContext2D, scene: TimelineScene): void {
  const { timeline, palette, width, height } = scene;
  const perPixel = (timeline.to - timeline.from) / Math.max(1, width - NAMES_WIDTH - RIGHT);
  const step = STEPS.find((one) => one / perPixel >= LABEL_ROOM) ?? 86_400_000;
  pen.font = `400 11px ${palette.font}`;
  pen.textBaseline = "middle";
  pen.textAlign = "center";
  for (let moment = Math.ceil(timeline.from / step) * step; moment <= timeline.to; moment += step) {
    const x = across(scene, moment);
    pen.fillStyle = palette.line;
    pen.fillRect(x, TIMES, 1, height - TIMES);
    pen.fillStyle = palette.soft;
    pen.fillText(new Date(moment).toISOString().slice(11, step < 60_000 ? 19 : 16), x, TIMES / 2);
  }
}
