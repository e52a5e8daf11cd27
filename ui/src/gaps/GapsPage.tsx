/** The view Gaps: hours that should exist and do not, and what completes them. */

import { useState } from "preact/hooks";
import type { GapsView, View } from "../address.ts";
import { type Backfill, isPaused, runsBetween } from "../api/airflow.ts";
import { hoursOf } from "../api/fleet.ts";
import { type Gap, gapsOf, type Repair, repairsOf } from "../api/gaps.ts";
import type { Place } from "../api/place.ts";
import { activeBackfill } from "../api/repairs.ts";
import type { Rights } from "../api/rights.ts";
import { counted } from "../model/format.ts";
import { hourOf, spanOf, startOf, textOf } from "../model/hour.ts";
import { newestHours, type Range } from "../model/range.ts";
import { Empty, Notice } from "../widgets/Notice.tsx";
import { Problem } from "../widgets/Problem.tsx";
import { usePlace } from "../widgets/place_context.ts";
import { RangePicker } from "../widgets/RangePicker.tsx";
import { useAnswer } from "../widgets/use_answer.ts";
import { BackfillProgress } from "./BackfillProgress.tsx";
import { GapTable } from "./GapTable.tsx";
import { RepairList } from "./RepairList.tsx";

interface GapsPageProps {
  readonly view: GapsView;
  readonly rights: Rights;
  readonly onView: (view: View, isNewEntry?: boolean) => void;
}

const USUAL_HOURS = 48;

export function GapsPage({ view, rights, onView }: GapsPageProps) {
  const place = usePlace();
  const [hours, setHours] = useState(USUAL_HOURS);
  const [started, setStarted] = useState<Backfill | null>(null);
  const [newest, askNewest] = useAnswer("newest hours", (signal) => hoursOf(place, null, signal));
  const settled = hourOf(newest.value?.settled ?? "");
  const last = hourOf(newest.value?.to ?? "") ?? settled;
  const range = view.range ?? (settled === null || last === null ? null : newestHours(last, settled, hours));
  const key = range && `${textOf(range.from)} ${textOf(range.to)}`;
  const [gaps, askGaps] = useAnswer(key, (signal) => gapsOf(place, range as Range, signal));
  const open = gaps.value?.filter((gap) => !gap.under_way) ?? [];
  const [repairs, askRepairs] = useAnswer(open.length ? `${key} ${open.map((gap) => gap.hour)}` : null, () =>
    repairsFor(place, open),
  );
  const [paused] = useAnswer("paused", () => isPaused(place));
  const [active] = useAnswer("active backfill", (signal) => activeBackfill(place, signal));
  const followed = started ?? active.value;
  const [isOver, setIsOver] = useState(false);
  const again = () => {
    askNewest();
    askGaps();
    askRepairs();
  };
  return (
    <div class="gaps scrolled">
      <h1 class="unseen">Gaps</h1>
      <header class="toolbar">
        <RangePicker
          range={view.range}
          hours={hours}
          shown={range}
          onChange={(change) => {
            if (change.hours) setHours(change.hours);
            onView({ view: "gaps", range: change.range });
          }}
        />
        {range && (
          <span class="soft">
            {spanOf(range.from)} to {spanOf(range.to)} UTC
          </span>
        )}
        <button type="button" onClick={again}>
          Look again
        </button>
      </header>
      {paused.value && (
        <Notice tone="warning">
          The DAG is paused: Airflow creates its runs, and starts none until it is unpaused.
        </Notice>
      )}
      {followed && (
        <BackfillProgress
          key={followed.id}
          backfill={followed}
          onStep={(isLast) => {
            setIsOver(isLast);
            again();
          }}
        />
      )}
      {(newest.error ?? gaps.error) !== null && (
        <Problem error={newest.error ?? gaps.error} what="The gaps cannot be shown" onRetry={again} />
      )}
      {gaps.value === null && gaps.error === null && newest.error === null && (
        <p class="loading">Looking for gaps …</p>
      )}
      {gaps.value?.length === 0 && range && (
        <Empty title="Every hour is complete">
          <p>
            In these {counted(range.to - range.from + 1, "hour")}, each sensor with readings and a model has
            predictions.
          </p>
        </Empty>
      )}
      {gaps.value && gaps.value.length > 0 && (
        <>
          <RepairList
            repairs={repairs}
            rights={rights}
            isBackfilling={followed !== null && !isOver}
            onStarted={(backfill) => {
              setStarted(backfill);
              setIsOver(false);
            }}
            onDone={again}
            onRetry={askRepairs}
          />
          <GapTable gaps={gaps.value} onSensor={(sensor, hour) => onView(sensorView(sensor, hour), true)} />
        </>
      )}
    </div>
  );
}

function sensorView(sensor: string, hour: string): View {
  const at = hourOf(hour) ?? 0;
  return { view: "sensor", sensor, range: { from: at - 23, to: at } };
}

async function repairsFor(place: Place, gaps: readonly Gap[]): Promise<readonly Repair[]> {
  const starts = gaps.map((gap) => startOf(hourOf(gap.hour) ?? 0));
  const runs = await runsBetween(place, Math.min(...starts), Math.max(...starts));
  return repairsOf(
    place,
    gaps.map((gap) => gap.hour),
    runs,
  );
}
