/** The sensor's model: its version, what it was trained on, and what changed when versions were promoted. */

import { type ModelAnswer, type ModelVersion, modelOf } from "../api/sensor.ts";
import { moment } from "../model/format.ts";
import { Problem } from "../widgets/Problem.tsx";
import { usePlace } from "../widgets/place_context.ts";
import { useAnswer } from "../widgets/use_answer.ts";
import { factName, factText } from "./facts.ts";

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
  const facts: [string, string][] = [
    ["Version", model.version],
    ["Trained", model.trained_at ? `${moment(Date.parse(model.trained_at))} UTC` : "unknown"],
    ["Promoted", model.promoted_at ? `${moment(Date.parse(model.promoted_at))} UTC` : "unknown"],
    ...Object.entries(model.trained_on).map(([name, value]): [string, string] => [
      factName(name),
      factText(value),
    ]),
  ];
  return (
    <>
      <dl>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <h3>Versions</h3>
      {model.history.map((version) => (
        <VersionLine key={version.version} version={version} />
      ))}
    </>
  );
}

function VersionLine({ version }: { version: ModelVersion }) {
  const compared = Object.entries(version.compared).filter(([, value]) => value !== null);
  return (
    <div class="version">
      <div>
        <code>{version.version}</code> {version.is_current && <span class="badge green">current</span>}{" "}
        <span class="soft">{version.decision}</span>
      </div>
      {version.reason && <p>{version.reason}</p>}
      {compared.length > 0 && (
        <p class="soft">
          {compared.map(([name, value]) => `${factName(name)} ${factText(value)}`).join(", ")}
        </p>
      )}
    </div>
  );
}
