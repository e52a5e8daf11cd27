/** What completes the hours, and the buttons that start it. */

import { useState } from "preact/hooks";
import type { Backfill } from "../api/airflow.ts";
import type { Repair } from "../api/gaps.ts";
import type { Rights } from "../api/rights.ts";
import { Problem } from "../widgets/Problem.tsx";
import type { Answer } from "../widgets/use_answer.ts";
import { RepairDialog } from "./RepairDialog.tsx";
import { nameOf, repairSentence } from "./repair_text.ts";

interface RepairListProps {
  readonly repairs: Answer<readonly Repair[]>;
  readonly rights: Rights;
  /** Whether a backfill of the DAG is under way: Airflow refuses a second one. */
  readonly isBackfilling: boolean;
  readonly onStarted: (backfill: Backfill) => void;
  readonly onDone: () => void;
  readonly onRetry: () => void;
}

export function RepairList({ repairs, rights, isBackfilling, onStarted, onDone, onRetry }: RepairListProps) {
  const [chosen, setChosen] = useState<Repair | null>(null);
  return (
    <section class="panel repairs">
      <h2>What completes them</h2>
      {repairs.error !== null && (
        <Problem error={repairs.error} what="What Airflow has for these hours is unknown" onRetry={onRetry} />
      )}
      {repairs.value === null && repairs.error === null && (
        <p class="soft">Asking Airflow which of them have a run …</p>
      )}
      {repairs.value?.length === 0 && <p>Nothing to start: runs for these hours are queued or under way.</p>}
      {(repairs.value ?? []).map((repair) => (
        <div class="repair" key={repair.command}>
          <div>
            <p>{repairSentence(repair)}</p>
            <code>{repair.command}</code>
          </div>
          <Way
            repair={repair}
            rights={rights}
            isBackfilling={isBackfilling}
            onChoose={() => setChosen(repair)}
          />
        </div>
      ))}
      {chosen && (
        <RepairDialog
          repair={chosen}
          onClose={() => setChosen(null)}
          onDone={(backfill) => {
            setChosen(null);
            if (backfill) onStarted(backfill);
            else onDone();
          }}
        />
      )}
    </section>
  );
}

interface WayProps {
  readonly repair: Repair;
  readonly rights: Rights;
  readonly isBackfilling: boolean;
  readonly onChoose: () => void;
}

function Way({ repair, rights, isBackfilling, onChoose }: WayProps) {
  if (!rights[repair.action])
    return <span class="soft">Your role in Airflow may not start this: pass the command on.</span>;
  if (isBackfilling && repair.action === "backfill")
    return <span class="soft">Airflow runs one backfill at a time: when that one is over, look again.</span>;
  return (
    <button type="button" class="primary" onClick={onChoose}>
      {nameOf(repair)} …
    </button>
  );
}
