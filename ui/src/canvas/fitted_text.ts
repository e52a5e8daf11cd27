/** Text that ends in an ellipsis where it does not fit. */

const ELLIPSIS = "…";

export function fitted(context: CanvasRenderingContext2D, text: string, room: number): string {
  if (context.measureText(text).width <= room) return text;
  let [fits, whole] = [0, text.length];
  while (fits < whole - 1) {
    const middle = (fits + whole) >> 1;
    if (context.measureText(text.slice(0, middle) + ELLIPSIS).width <= room) fits = middle;
    else whole = middle;
  }
  return text.slice(0, fits) + ELLIPSIS;
}
