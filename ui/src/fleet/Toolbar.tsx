/** What the map shows: range, filters, groups. */

import type { FleetView } from "../address.ts";
import { STATES, type State } from "../model/lines.ts";
import type { Range } from "../model/range.ts";
import { RangePicker } from "../widgets/RangePicker.tsx";
import { MARK_NAMES } from "./cell_text.ts";

interface ToolbarProps {
  readonly view: FleetView;
  /** What the page shows now, also while it follows the newest hour. */
  readonly shown: Range | null;
  readonly devices: readonly string[];
  readonly onChange: (change: Partial<FleetView>) => void;
}

/** More devices than these are found by typing. */
const MOST_LISTED = 500;

export function Toolbar({ view, shown, devices, onChange }: ToolbarProps) {
  return (
    <div class="toolbar" role="toolbar" aria-label="What the map shows">
      <RangePicker range={view.range} hours={view.hours} shown={shown} onChange={onChange} />
      <input
        type="search"
        placeholder="Filter sensors"
        aria-label="Filter sensors by name"
        value={view.text}
        onInput={(event) => onChange({ text: event.currentTarget.value })}
      />
      {devices.length > 1 && devices.length <= MOST_LISTED && (
        <select
          aria-label="Device"
          value={view.device}
          onChange={(event) => onChange({ device: event.currentTarget.value })}
        >
          <option value="">All devices</option>
          {devices.map((device) => (
            <option key={device} value={device}>
              {device}
            </option>
          ))}
        </select>
      )}
      <select
        aria-label="State in the newest hour"
        value={view.state}
        onChange={(event) => onChange({ state: event.currentTarget.value as State | "" })}
      >
        <option value="">All states</option>
        {STATES.map((state) => (
          <option key={state} value={state}>
            {state === "spiking" ? "spiking" : MARK_NAMES[state]}
          </option>
        ))}
      </select>
      <label class="check">
        <input
          type="checkbox"
          checked={view.isGrouped}
          onChange={(event) => onChange({ isGrouped: event.currentTarget.checked })}
        />
        Group by device
      </label>
      <label class="check">
        <input
          type="checkbox"
          checked={view.isTable}
          onChange={(event) => onChange({ isTable: event.currentTarget.checked })}
        />
        Table
      </label>
    </div>
  );
}
