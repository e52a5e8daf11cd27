/** Diagonal lines, as a fill. */

const TILE = 6;

const patterns = new Map<string, CanvasPattern | null>();

/** Return a pattern that is as sharp as the screen. */
export function hatchOf(context: CanvasRenderingContext2D, colour: string): CanvasPattern | null {
  const scale = context.getTransform().a;
  const key = `${colour} ${scale}`;
  const known = patterns.get(key);
  if (known !== undefined) return known;
  const tile = document.createElement("canvas");
  tile.width = tile.height = Math.round(TILE * scale);
  const pen = tile.getContext("2d");
  if (!pen) return null;
  pen.scale(tile.width / TILE, tile.height / TILE);
  pen.strokeStyle = colour;
  pen.lineWidth = 1;
  pen.beginPath();
  // Three strokes, so that the lines go on from tile to tile.
  for (const shift of [-TILE, 0, TILE]) {
    pen.moveTo(shift, TILE);
    pen.lineTo(shift + TILE, 0);
  }
  pen.stroke();
  const pattern = context.createPattern(tile, "repeat");
  pattern?.setTransform(new DOMMatrix().scale(TILE / tile.width));
  patterns.set(key, pattern);
  return pattern;
}
