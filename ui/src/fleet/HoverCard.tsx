/** What is under the pointer, in numbers, and why a sensor failed. */

import { useLayoutEffect, useRef } from "preact/hooks";
import { age, moment } from "../model/format.ts";
import type { History } from "../model/history.ts";
import { type Hour, spanOf } from "../model/hour.ts";
import type { Line } from "../model/lines.ts";
import { cellFacts, cellMeaning, MARK_NAMES } from "./cell_text.ts";
import type { Pointed } from "./FleetMap.tsx";

interface HoverCardProps {
  readonly history: History;
  readonly lines: readonly Line[];
  readonly pointed: Pointed | null;
}

const DISTANCE = 14;

export function HoverCard({ history, lines, pointed }: HoverCardProps) {
  const card = useRef<HTMLDivElement>(null);
  const line = pointed ? lines[pointed.spot.line] : undefined;
  useLayoutEffect(() => {
    if (card.current && pointed) placeBeside(card.current, pointed);
  });
  if (!pointed || line?.kind !== "sensor") return null;
  const hour = history.hours[pointed.spot.column];
  return (
    <div class="card hover-card" ref={card} role="presentation">
      <strong>{history.roster.name(line.row)}</strong>
      {hour === undefined ? (
        <SensorFacts history={history} row={line.row} />
      ) : (
        <CellFacts history={history} row={line.row} hour={hour} />
      )}
    </div>
  );
}

function CellFacts({ history, row, hour }: { history: History; row: number; hour: Hour }) {
  const cell = history.cell(row, hour);
  const meaning = cellMeaning(cell);
  return (
    <>
      <div class="soft">{spanOf(hour)} UTC</div>
      <div class={`state ${cell.mark}`}>{MARK_NAMES[cell.mark]}</div>
      <Facts facts={cellFacts(cell, history.roster.baseline(row))} />
      {meaning && <p>{meaning}</p>}
    </>
  );
}

function SensorFacts({ history, row }: { history: History; row: number }) {
  const { roster } = history;
  const trained = roster.trainedAt(row);
  const facts: [string, string][] = [
    ["Device", roster.device(row)],
    ["Tag", roster.tag(row)],
    ["Id", roster.id(row)],
    ["Model", roster.version(row) ?? "none"],
  ];
  if (trained !== null)
    facts.push(["Trained up to", `${moment(trained)} UTC, ${age(history.now - trained)} ago`]);
  return <Facts facts={facts} />;
}

function Facts({ facts }: { facts: readonly [string, string][] }) {
  return (
    <dl>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Below and right of the pointer, or on the other side where there is no room. */
function placeBeside(card: HTMLElement, { x, y }: Pointed): void {
  const { width, height } = card.getBoundingClientRect();
  const left = x + DISTANCE + width < window.innerWidth ? x + DISTANCE : x - DISTANCE - width;
  const top = y + DISTANCE + height < window.innerHeight ? y + DISTANCE : y - DISTANCE - height;
  card.style.transform = `translate(${Math.max(4, left)}px, ${Math.max(4, top)}px)`;
}
