/** The sensor's model: its version, what it was trained on, and what changed when versions were promoted. */

import { type ModelAnswer, type ModelVersion, modelOf } from "../api/sensor.ts";
import { moment } from "../model/format.ts";
import { Facts } from "../widgets/Facts.tsx";
import { Problem } from "../widgets/Problem.tsx";
import { usePlace } from "../widgets/place_context.ts";
import { useAnswer } from "../widgets/use_answer.ts";
import { comparedText, librariesText, trainedText } from "./model_text.ts";

export function ModelCard({ sensor }: { sensor: string }) {
  const place = usePlace();
  const [model, again] = useAnswer(sensor, (signal) => modelOf(place, sensor, signal));
  return (
    <section class="panel">
      <h2>Model</h2>
      {model.error !== null && (
        <Problem error={model.error} what="The model cannot be shown" onRetry={again} />
      )}
      {model.value && <ModelFacts model={model.value} />}
    </section>
  );
}

function ModelFacts({ model }: { model: ModelAnswer }) {
  const libraries = librariesText(model.trained_on);
  const facts: [string, string][] = [
    ["Version", model.version],
    ["Trained on", trainedText(model.trained_on)],
    ["Promoted", model.promoted_at ? `${moment(Date.parse(model.promoted_at))} UTC` : "unknown"],
    ...(libraries ? [["Libraries", libraries] as [string, string]] : []),
  ];
  return (
    <>
      <Facts facts={facts} />
      {model.unknown.map((sentence) => (
        <p key={sentence} class="soft">
          {sentence}
        </p>
      ))}
      <h3>Versions</h3>
      {model.history.map((version) => (
        <VersionLine key={version.version} version={version} />
      ))}
    </>
  );
}

function VersionLine({ version }: { version: ModelVersion }) {
  const compared = comparedText(version);
  return (
    <div class="version">
      <div>
        <code>{version.version}</code> {version.is_current && <span class="badge green">current</span>}{" "}
        <span class="soft">
          {version.decision}
          {version.published_at && `, ${moment(Date.parse(version.published_at))} UTC`}
        </span>
      </div>
      {version.reason && <p>{version.reason}</p>}
      {compared && <p class="soft">{compared}</p>}
    </div>
  );
}
