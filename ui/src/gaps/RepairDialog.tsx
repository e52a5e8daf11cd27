/** Shows what Airflow would do to complete hours, and has it done when a person says so. */

import { useState } from "preact/hooks";
import type { Backfill } from "../api/airflow.ts";
import type { Repair } from "../api/gaps.ts";
import { carryOut, dryRun } from "../api/repairs.ts";
import { counted } from "../model/format.ts";
import { Dialog } from "../widgets/Dialog.tsx";
import { Problem } from "../widgets/Problem.tsx";
import { usePlace } from "../widgets/place_context.ts";
import { useAnswer } from "../widgets/use_answer.ts";
import { nameOf, repairSentence } from "./repair_text.ts";

interface RepairDialogProps {
  readonly repair: Repair;
  readonly onClose: () => void;
  /** Given the backfill, if it is one. */
  readonly onDone: (backfill: Backfill | null) => void;
}

export function RepairDialog({ repair, onClose, onDone }: RepairDialogProps) {
  const place = usePlace();
  const [told] = useAnswer(repair.command, () => dryRun(place, repair));
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setIsBusy] = useState(false);
  const start = async () => {
    setIsBusy(true);
    setError(null);
    try {
      onDone(await carryOut(place, repair));
    } catch (refusal) {
      setError(refusal);
      setIsBusy(false);
    }
  };
  const lines = told.value ?? [];
  const what = { backfill: "start", clear: "clear", trigger: "start" }[repair.action];
  const unit = repair.action === "clear" ? "task instance" : "run";
  return (
    <Dialog title={`${nameOf(repair)}?`} onClose={onClose}>
      <p>{repairSentence(repair)}</p>
      {told.value === null && told.error === null && <p class="soft">Asking Airflow what it would do …</p>}
      {told.value && (
        <p>
          Airflow would {what} {counted(lines.length, unit)}
          {lines.length ? ":" : ". Somebody may have been quicker: look again."}
        </p>
      )}
      <ul class="scrolled dry-run">
        {lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
      {told.error !== null && <Problem error={told.error} what="Airflow refuses this" />}
      {error !== null && <Problem error={error} what="It was not started" />}
      <footer>
        <button type="button" onClick={onClose}>
          Cancel
        </button>
        <button type="button" class="primary" disabled={isBusy || !lines.length} onClick={() => void start()}>
          {nameOf(repair)}
        </button>
      </footer>
    </Dialog>
  );
}
