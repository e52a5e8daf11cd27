/** Puts a card below and right of the pointer, or on the other side where there is no room. */

const DISTANCE = 14;
const MARGIN = 4;

export function placeBeside(card: HTMLElement, { x, y }: { readonly x: number; readonly y: number }): void {
  const { width, height } = card.getBoundingClientRect();
  const left = x + DISTANCE + width < window.innerWidth ? x + DISTANCE : x - DISTANCE - width;
  const top = y + DISTANCE + height < window.innerHeight ? y + DISTANCE : y - DISTANCE - height;
  card.style.transform = `translate(${Math.max(MARGIN, left)}px, ${Math.max(MARGIN, top)}px)`;
}
