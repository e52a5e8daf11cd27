/** Asks again and again, while somebody looks. */

import { useEffect } from "preact/hooks";

/** @param ms - time between two calls; null calls no more */
export function useEvery(ms: number | null, call: () => void): void {
  useEffect(() => {
    if (ms === null) return undefined;
    const timer = setInterval(() => {
      if (document.visibilityState === "visible") call();
    }, ms);
    return () => clearInterval(timer);
  }, [ms, call]);
}
