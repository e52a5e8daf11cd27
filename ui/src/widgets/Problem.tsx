/** What a request was refused with, and what to do about it. */

import { Refusal } from "../api/request.ts";
import { AirflowLink } from "./AirflowLink.tsx";
import { Notice } from "./Notice.tsx";
import { usePlace } from "./place_context.ts";

interface ProblemProps {
  readonly error: unknown;
  /** What cannot be shown or done, as the beginning of a heading. */
  readonly what: string;
  readonly onRetry?: () => void;
}

export function Problem({ error, what, onRetry }: ProblemProps) {
  const place = usePlace();
  const isSignedOut = error instanceof Refusal && error.status === 401;
  return (
    <Notice tone="error" title={what}>
      <p>{error instanceof Error ? error.message : String(error)}</p>
      {isSignedOut && <AirflowLink href={place.signIn(window.parent.location.href)}>Sign in</AirflowLink>}
      {onRetry && !isSignedOut && (
        <button type="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </Notice>
  );
}
