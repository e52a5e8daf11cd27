/** What a request brought, or why it brought nothing. */

import { useCallback, useEffect, useState } from "preact/hooks";

export interface Answer<Value> {
  /** The last one that came; null before the first, or for another question. */
  readonly value: Value | null;
  readonly error: unknown;
}

/**
 * Ask when the page opens and whenever `key` changes.
 *
 * @param key - names the question; null asks nothing
 */
export function useAnswer<Value>(
  key: string | null,
  ask: (signal: AbortSignal) => Promise<Value>,
): readonly [Answer<Value>, () => void] {
  const [held, setHeld] = useState<Answer<Value> & { readonly key: string | null }>({
    key,
    value: null,
    error: null,
  });
  const [round, setRound] = useState(0);
  // A function that is made anew each time asks nothing anew: the key says what is asked.
  useEffect(() => {
    if (key === null) return undefined;
    const current = new AbortController();
    ask(current.signal).then(
      (value) => setHeld({ key, value, error: null }),
      (error: unknown) => {
        if (!current.signal.aborted)
          setHeld((before) => ({ key, value: before.key === key ? before.value : null, error }));
      },
    );
    return () => current.abort();
  }, [key, round]);
  const again = useCallback(() => setRound((before) => before + 1), []);
  return [held.key === key ? held : { value: null, error: null }, again];
}
