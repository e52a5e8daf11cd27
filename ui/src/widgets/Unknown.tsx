/** What is not known now, and why. */

import type { UnknownPart } from "../api/run.ts";
import { Notice } from "./Notice.tsx";

export function Unknown({ parts }: { parts: readonly UnknownPart[] }) {
  if (!parts.length) return null;
  return (
    <Notice tone="warning" title="Not everything is known now">
      <ul class="plain-list">
        {parts.map(({ part, why }) => (
          <li key={part}>
            {part}: {why}
          </li>
        ))}
      </ul>
    </Notice>
  );
}
