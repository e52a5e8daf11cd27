/** Chooses hours: the newest ones, or a range that stays. */

import { MOST_HOURS } from "../address.ts";
import { counted } from "../model/format.ts";
import { type Hour, hourOf, textOf } from "../model/hour.ts";
import type { Range } from "../model/range.ts";

interface RangePickerProps {
  readonly range: Range | null;
  readonly hours: number;
  readonly shown: Range | null;
  readonly onChange: (change: { range: Range | null; hours?: number }) => void;
}

const NEWEST = [24, 48, 7 * 24, 14 * 24, 31 * 24];

export function RangePicker({ range, hours, shown, onChange }: RangePickerProps) {
  const choices = NEWEST.includes(hours) ? NEWEST : [...NEWEST, hours].sort((a, b) => a - b);
  const choose = (value: string) =>
    value === "fixed" ? onChange({ range: shown }) : onChange({ range: null, hours: Number(value) });
  const fix = (change: Partial<Range>) => {
    if (!shown) return;
    onChange({ range: within({ ...shown, ...change }, "to" in change) });
  };
  return (
    <div class="range" role="group" aria-label="Hours">
      <select
        aria-label="Range"
        value={range ? "fixed" : String(hours)}
        onChange={(event) => choose(event.currentTarget.value)}
      >
        {choices.map((choice) => (
          <option key={choice} value={String(choice)}>
            {choice > 48 ? `Newest ${choice / 24} days` : `Newest ${counted(choice, "hour")}`}
          </option>
        ))}
        <option value="fixed" disabled={!shown}>
          From … to …
        </option>
      </select>
      {range && shown && (
        <>
          <HourInput label="From, UTC" hour={shown.from} onHour={(from) => fix({ from })} />
          <span aria-hidden="true">–</span>
          <HourInput label="To, UTC, included" hour={shown.to} onHour={(to) => fix({ to })} />
        </>
      )}
    </div>
  );
}

function HourInput({ label, hour, onHour }: { label: string; hour: Hour; onHour: (hour: Hour) => void }) {
  return (
    <input
      type="datetime-local"
      step={3600}
      aria-label={label}
      title={label}
      value={`${textOf(hour)}:00`}
      onChange={(event) => {
        const chosen = hourOf(event.currentTarget.value.slice(0, 13));
        if (chosen !== null) onHour(chosen);
      }}
    />
  );
}

/** Keep the end that was just chosen, and bring the other one within reach. */
function within({ from, to }: Range, isToKept: boolean): Range {
  return isToKept
    ? { from: Math.min(to, Math.max(from, to - MOST_HOURS + 1)), to }
    : { from, to: Math.max(from, Math.min(to, from + MOST_HOURS - 1)) };
}
