/** What is selected on the map, and the way to score it again. */

import { useEffect, useState } from "preact/hooks";
import { rescoreOf } from "../api/fleet.ts";
import { counted } from "../model/format.ts";
import { clockOf, dayOf } from "../model/hour.ts";
import { type RescorePlan, rescorePlan } from "../model/rescore.ts";
import type { SelectedCells } from "../model/selection.ts";
import { usePlace } from "../widgets/place_context.ts";
import { RescoreDialog } from "./RescoreDialog.tsx";

interface RescoreBarProps {
  readonly cells: SelectedCells;
  readonly sensors: readonly string[];
  readonly mayClear: boolean;
  readonly onClose: () => void;
}

type Plan = RescorePlan | "asking" | { readonly refusal: unknown };

export function RescoreBar({ cells, sensors, mayClear, onClose }: RescoreBarProps) {
  const place = usePlace();
  const [plan, setPlan] = useState<Plan>("asking");
  // What a person looks at stays, whatever is looked up meanwhile.
  const [shown, setShown] = useState<RescorePlan | null>(null);
  useEffect(() => {
    if (!mayClear || !sensors.length) return undefined;
    setPlan("asking");
    let isCurrent = true;
    // A selection grows cell by cell; only where it rests is asked about.
    const timer = setTimeout(() => {
      rescoreOf(place, cells.hours, sensors).then(
        (answer) => isCurrent && setPlan(rescorePlan(answer)),
        (refusal: unknown) => isCurrent && setPlan({ refusal }),
      );
    }, 250);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [place, mayClear, cells.hours, sensors]);
  const [first = 0, last = first] = [cells.hours[0], cells.hours.at(-1)];
  const hours =
    first === last
      ? `${dayOf(first)} ${clockOf(first)}`
      : `${dayOf(first)} ${clockOf(first)} – ${dayOf(last)} ${clockOf(last)}`;
  return (
    <div class="selection-bar" role="region" aria-label="Selected cells">
      <span>
        <strong>{counted(sensors.length, "sensor")}</strong> ×{" "}
        <strong>{counted(cells.hours.length, "hour")}</strong>
        <span class="soft"> {hours}</span>
      </span>
      {mayClear && <Offer plan={plan} onOpen={setShown} />}
      {!mayClear && <span class="soft">Your role in Airflow may look, and not score again.</span>}
      <button type="button" class="plain" onClick={onClose}>
        Clear selection
      </button>
      {shown && <RescoreDialog plan={shown} onClose={() => setShown(null)} />}
    </div>
  );
}

function Offer({ plan, onOpen }: { plan: Plan; onOpen: (plan: RescorePlan) => void }) {
  if (plan === "asking") return <span class="soft">Looking up their runs …</span>;
  if (!isPlan(plan))
    return <span class="bad">{plan.refusal instanceof Error ? plan.refusal.message : ""}</span>;
  if (!plan.runs.length)
    return <span class="soft">No run can score these again; Gaps has the backfill of missing hours.</span>;
  return (
    <button type="button" class="primary" onClick={() => onOpen(plan)}>
      Re-score these: {counted(plan.batchTasks, "Batch task")} …
    </button>
  );
}

function isPlan(plan: Plan): plan is RescorePlan {
  return typeof plan === "object" && "runs" in plan;
}
