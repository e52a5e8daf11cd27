/** The view Fleet: every sensor and every hour of a range. */

import { useMemo, useState } from "preact/hooks";
import { FLEET, type FleetView, type View } from "../address.ts";
import type { Rights } from "../api/rights.ts";
import type { Theme } from "../frame/theme.ts";
import type { Hour } from "../model/hour.ts";
import type { Sort } from "../model/lines.ts";
import { type Selection, selectedCells } from "../model/selection.ts";
import { totalsOf } from "../model/totals.ts";
import { Problem } from "../widgets/Problem.tsx";
import { FleetMap } from "./FleetMap.tsx";
import { FleetNotices, NoHours } from "./FleetNotices.tsx";
import { FleetTable } from "./FleetTable.tsx";
import { Legend } from "./Legend.tsx";
import { RescoreBar } from "./RescoreBar.tsx";
import { Toolbar } from "./Toolbar.tsx";
import { TotalsBar } from "./TotalsBar.tsx";
import { useHistory } from "./use_history.ts";
import { useLines } from "./use_lines.ts";

interface FleetPageProps {
  readonly view: FleetView;
  readonly isShown: boolean;
  readonly theme: Theme;
  readonly rights: Rights;
  readonly onView: (view: View, isNewEntry?: boolean) => void;
}

export function FleetPage({ view, isShown, theme, rights, onView }: FleetPageProps) {
  const watched = useHistory(view, isShown);
  const { history, version, orderVersion } = watched;
  const [collapsed, setCollapsed] = useState<ReadonlySet<string>>(new Set());
  const [selection, setSelection] = useState<Selection | null>(null);
  const [isScrolled, setIsScrolled] = useState(false);
  const [sortedAgain, setSortedAgain] = useState(0);
  const { lines, isStale } = useLines(
    watched,
    view,
    collapsed,
    isScrolled || selection !== null,
    sortedAgain,
  );
  // A history is changed in place.
  const totals = useMemo(() => totalsOf(history), [history, orderVersion]);
  // Likewise.
  const devices = useMemo(() => history.roster.devices(), [history, orderVersion]);
  const cells = useMemo(
    () => selection && selectedCells(selection, lines, history.hours),
    [selection, lines, history.hours],
  );
  const sensors = useMemo(() => cells?.rows.map((row) => history.roster.id(row)) ?? [], [cells, history]);

  const change = (said: Partial<FleetView>) => {
    setSelection(null);
    onView({ ...view, ...said });
  };
  const sortAgain = () => {
    setSelection(null);
    setSortedAgain(sortedAgain + 1);
  };
  const sort = (by: Sort) => {
    const isReversed = view.sort === by && !view.isReversed;
    // A third click returns to what is usual.
    change(
      view.sort === by && view.isReversed
        ? { sort: FLEET.sort, isReversed: false }
        : { sort: by, isReversed },
    );
  };
  const toggle = (device: string) => {
    setSelection(null);
    const next = new Set(collapsed);
    if (!next.delete(device)) next.add(device);
    setCollapsed(next);
  };
  const open = (row: number, hour: Hour | null) => {
    const range =
      hour === null ? null : { from: Math.max(hour - 23, history.hours[0] ?? hour - 23), to: hour };
    onView({ view: "sensor", sensor: history.roster.id(row), range }, true);
  };
  const openRun = (hour: Hour) => {
    const run = history.record(hour)?.dagRunId;
    if (run) onView({ view: "run", run }, true);
  };
  const shown = history.hours.length ? { from: history.hours[0] ?? 0, to: history.hours.at(-1) ?? 0 } : null;
  if (watched.state === "empty") return <NoHours />;
  return (
    <div class="fleet">
      <h1 class="unseen">Fleet</h1>
      {totals && <TotalsBar totals={totals} state={view.state} onState={(state) => change({ state })} />}
      <Toolbar view={view} shown={shown} devices={devices} onChange={change} />
      {watched.error !== null && (
        <Problem error={watched.error} what="The newest hours cannot be shown" onRetry={watched.reload} />
      )}
      <FleetNotices
        watched={watched}
        isFollowing={view.range === null}
        isStale={isStale}
        matches={lines.length}
        onSortAgain={sortAgain}
        onShowAll={() => change({ text: "", device: "", state: "" })}
        onGaps={() => onView({ view: "gaps", range: shown }, true)}
      />
      {view.isTable ? (
        <FleetTable
          {...{ history, lines }}
          sort={view.sort}
          onSort={sort}
          onOpen={(row) => open(row, null)}
        />
      ) : (
        <FleetMap
          {...{ history, version, lines, collapsed, theme, selection }}
          sort={view.sort}
          isReversed={view.isReversed}
          onSort={sort}
          onSelect={setSelection}
          onToggle={toggle}
          onOpen={open}
          onRun={openRun}
          onDrawn={() => markDrawn(watched.state === "complete")}
          onScroll={(top) => setIsScrolled(top > 0)}
        />
      )}
      {cells && sensors.length > 0 && (
        <RescoreBar
          cells={cells}
          sensors={sensors}
          mayClear={rights.clear}
          onClose={() => setSelection(null)}
        />
      )}
      {!view.isTable && <Legend theme={theme} />}
    </div>
  );
}

/** Leave a mark for whoever measures: `performance.getEntriesByName("fleet drawn")`. */
function markDrawn(isComplete: boolean): void {
  if (isComplete && !performance.getEntriesByName("fleet drawn").length) performance.mark("fleet drawn");
}
