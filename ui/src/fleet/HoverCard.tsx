/** What is under the pointer, in numbers, and why a sensor failed. */

import { useLayoutEffect, useRef } from "preact/hooks";
import { age, moment } from "../model/format.ts";
import type { History } from "../model/history.ts";
import { type Hour, spanOf } from "../model/hour.ts";
import type { Line } from "../model/lines.ts";
import { Facts } from "../widgets/Facts.tsx";
import { placeBeside } from "../widgets/place_beside.ts";
import { cellFacts, cellMeaning, MARK_NAMES } from "./cell_text.ts";
import type { Pointed } from "./FleetMap.tsx";

interface HoverCardProps {
  readonly history: History;
  readonly lines: readonly Line[];
  readonly pointed: Pointed | null;
}

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
