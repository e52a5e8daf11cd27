/** The newest hour in a line of numbers; each number of sensors filters the map. */

import { count, percent } from "../model/format.ts";
import { spanOf } from "../model/hour.ts";
import type { State } from "../model/lines.ts";
import type { Totals } from "../model/totals.ts";
import { AirflowLink } from "../widgets/AirflowLink.tsx";
import { usePlace } from "../widgets/place_context.ts";
import { MARK_NAMES } from "./cell_text.ts";

interface TotalsBarProps {
  readonly totals: Totals;
  readonly state: State | "";
  readonly onState: (state: State | "") => void;
}

const SHOWN = ["failed", "unmodelled", "silent", "scored"] as const;

export function TotalsBar({ totals, state, onState }: TotalsBarProps) {
  const place = usePlace();
  const number = (of: State, name: string, value: number) => (
    <button
      type="button"
      key={of}
      class={`bare total ${of} ${value ? "" : "none"}`}
      aria-pressed={state === of}
      title={state === of ? "Show all sensors again" : `Show only these sensors`}
      onClick={() => onState(state === of ? "" : of)}
    >
      <span class="value">{count(value)}</span>
      <span class="name">{name}</span>
    </button>
  );
  return (
    <div class="totals">
      <div class="total-hour">
        <AirflowLink href={place.runPage(totals.dagRunId)}>{spanOf(totals.hour)} UTC</AirflowLink>
        <span class={`badge ${totals.colour}`}>{totals.colour}</span>
      </div>
      {SHOWN.map((mark) => number(mark, MARK_NAMES[mark], totals.counts.get(mark) ?? 0))}
      {number("spiking", "spiking", totals.spiking)}
      <Fact name="readings" value={count(totals.readings)} />
      <Fact
        name="anomalies"
        value={count(totals.anomalies)}
        aside={totals.readings ? percent(totals.anomalies / totals.readings) : ""}
      />
      {totals.nodeHours !== null && <Fact name="node-hours" value={totals.nodeHours.toFixed(2)} />}
      {totals.cost !== null && <Fact name="cost" value={totals.cost.toFixed(2)} />}
    </div>
  );
}

function Fact({ name, value, aside = "" }: { name: string; value: string; aside?: string }) {
  return (
    <div class="total fact">
      <span class="value">{value}</span>
      <span class="name">
        {name} {aside && `(${aside})`}
      </span>
    </div>
  );
}
