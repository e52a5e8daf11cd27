/** What colours and marks mean. */

import { useLayoutEffect, useRef } from "preact/hooks";
import { hatchOf } from "../canvas/hatch.ts";
import { penOf } from "../canvas/use_canvas.ts";
import type { Theme } from "../frame/theme.ts";
import type { Mark } from "../model/history.ts";
import { STEPS, stepName } from "../model/scale.ts";
import { MARK_NAMES } from "./cell_text.ts";
import { LINE_HEIGHT } from "./geometry.ts";
import { paintMark } from "./paint_cells.ts";
import { paletteOf } from "./palette.ts";

const SIDE = 16;
const MARKS = ["failed", "silent", "unmodelled", "missing", "pending"] as const;

export function Legend({ theme }: { theme: Theme }) {
  return (
    <div class="legend" aria-label="Legend" role="group">
      <span class="soft">Anomaly rate</span>
      <span class="scale">
        {Array.from({ length: STEPS }, (_, step) => (
          <span key={step} class="step">
            <span class={`swatch step-${step}`} />
            {stepName(step)}
          </span>
        ))}
      </span>
      {MARKS.map((mark) => (
        <span key={mark} class="step">
          <MarkSample mark={mark} theme={theme} />
          {MARK_NAMES[mark]}
        </span>
      ))}
    </div>
  );
}

function MarkSample({ mark, theme }: { mark: Mark; theme: Theme }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  // The style sheet gives other colours for another theme.
  useLayoutEffect(() => {
    const pen = canvas.current && penOf(canvas.current, { width: SIDE, height: SIDE });
    if (!pen || !canvas.current) return;
    const palette = paletteOf(canvas.current);
    pen.fillStyle = palette.back;
    pen.fillRect(0, 0, SIDE, SIDE);
    if (mark === "missing") {
      pen.fillStyle = hatchOf(pen, palette.hatch) ?? palette.hatch;
      pen.fillRect(0, 0, SIDE, SIDE);
    } else if (mark !== "pending") {
      paintMark(pen, { geometry: { cellWidth: SIDE + 1 }, palette }, mark, 0, (SIDE - LINE_HEIGHT + 1) / 2);
    }
  }, [mark, theme]);
  return <canvas ref={canvas} class={`sample ${mark}`} />;
}
