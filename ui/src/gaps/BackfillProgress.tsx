/** Follows a backfill until it is over. */

import { useEffect, useState } from "preact/hooks";
import { type Backfill, runsBetween } from "../api/airflow.ts";
import { backfillOf } from "../api/repairs.ts";
import { type Progress, progressOf } from "../model/backfill_progress.ts";
import { counted } from "../model/format.ts";
import { AirflowLink } from "../widgets/AirflowLink.tsx";
import { Notice } from "../widgets/Notice.tsx";
import { usePlace } from "../widgets/place_context.ts";

interface BackfillProgressProps {
  readonly backfill: Backfill;
  /** When one of its runs has ended, and when it is over. */
  readonly onStep: (isOver: boolean) => void;
}

const REFRESH_MS = 5000;

export function BackfillProgress({ backfill, onStep }: BackfillProgressProps) {
  const place = usePlace();
  const [progress, setProgress] = useState<Progress | null>(null);
  const [error, setError] = useState<string>("");
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isCurrent = true;
    let ended = 0;
    const look = async () => {
      try {
        const now = await backfillOf(place, backfill.id);
        const runs = await runsBetween(place, Date.parse(now.from_date), Date.parse(now.to_date));
        if (!isCurrent) return;
        const found = progressOf(now, runs);
        setProgress(found);
        setError("");
        if (found.isOver || found.done + found.failed !== ended) onStep(found.isOver);
        if (found.isOver) return;
        ended = found.done + found.failed;
      } catch (refusal) {
        if (isCurrent) setError(refusal instanceof Error ? refusal.message : String(refusal));
      }
      if (isCurrent) timer = setTimeout(() => void look(), REFRESH_MS);
    };
    void look();
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [place, backfill.id]);
  const range = `${backfill.from_date.slice(0, 13)} to ${backfill.to_date.slice(0, 13)}`;
  return (
    <Notice title={progress?.isOver ? "Backfill over" : "Backfill under way"}>
      <span>
        {range}: {progress ? sentence(progress) : "asking Airflow …"}
      </span>
      {error && <span class="bad">{error} It will be asked again.</span>}
      <AirflowLink href={place.dagPage("backfills")}>In Airflow</AirflowLink>
    </Notice>
  );
}

function sentence({ done, failed, running, queued, isOver }: Progress): string {
  const parts = [
    `${counted(done, "run")} done`,
    failed ? `${failed} failed` : "",
    running ? `${running} running` : "",
    queued ? `${queued} queued` : "",
    isOver || running || queued ? "" : "Airflow marks it complete within half a minute of its last run",
  ];
  return `${parts.filter(Boolean).join(", ")}.`;
}
