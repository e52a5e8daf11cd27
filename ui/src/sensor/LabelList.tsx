/** The labels of the shown hours: who said what, and when. */

import { useState } from "preact/hooks";
import { type Label, type LabelsAnswer, removeLabel } from "../api/sensor.ts";
import { moment } from "../model/format.ts";
import { Problem } from "../widgets/Problem.tsx";
import { usePlace } from "../widgets/place_context.ts";
import type { Answer } from "../widgets/use_answer.ts";
import { LABEL_KINDS } from "./label_kinds.ts";

interface LabelListProps {
  readonly sensor: string;
  readonly labels: Answer<LabelsAnswer>;
  readonly mayLabel: boolean;
  readonly onShow: (label: Label) => void;
  readonly onRemoved: () => void;
}

export function LabelList({ sensor, labels, mayLabel, onShow, onRemoved }: LabelListProps) {
  const place = usePlace();
  const [error, setError] = useState<unknown>(null);
  const remove = async (label: Label) => {
    setError(null);
    try {
      await removeLabel(place, sensor, label.id);
      onRemoved();
    } catch (refusal) {
      setError(refusal);
    }
  };
  return (
    <section class="panel">
      <h2>Labels</h2>
      {labels.error !== null && (
        <Problem error={labels.error} what="The labels cannot be shown" onRetry={onRemoved} />
      )}
      {error !== null && <Problem error={error} what="The label was not deleted" />}
      {(labels.value?.problems ?? []).map((problem) => (
        <p key={problem} class="bad">
          {problem}
        </p>
      ))}
      {labels.value?.labels.length === 0 && (
        <p class="soft">
          Nobody has labelled these hours. Drag over a chart, or click a reading, and say what it was:
          training and its gate will know.
        </p>
      )}
      {(labels.value?.labels ?? []).map((label) => (
        <div key={label.id} class="label">
          <div>
            <span class={`dot ${label.kind.replace(" ", "-")}`} aria-hidden="true" />{" "}
            <strong>{LABEL_KINDS.find(({ kind }) => kind === label.kind)?.name ?? label.kind}</strong>{" "}
            <button type="button" class="link" onClick={() => onShow(label)}>
              {moment(label.from)}
              {label.to !== label.from && ` – ${moment(label.to)}`}
            </button>
            {label.note && <p>{label.note}</p>}
            <p class="soft">
              {label.by}, {moment(Date.parse(label.at))} UTC
            </p>
          </div>
          {mayLabel && (
            <button type="button" class="plain" onClick={() => void remove(label)}>
              Delete
            </button>
          )}
        </div>
      ))}
    </section>
  );
}
