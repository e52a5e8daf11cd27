/** The history of the hours that are asked for, kept fresh. */

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { History } from "../model/history.ts";
import { usePlace } from "../widgets/place_context.ts";
import { type Asked, Loader, type Progress } from "./loader.ts";

const REFRESH_MS = 60_000;

export interface Watched {
  readonly history: History;
  /** Changes whenever something was added. */
  readonly version: number;
  /** Changes when what was added may change the order of the sensors. */
  readonly orderVersion: number;
  readonly state: "loading" | "complete" | "empty";
  readonly error: unknown;
  readonly reload: () => void;
}

/** @param isShown - while the map is out of sight, nothing is asked */
export function useHistory({ range, hours }: Asked, isShown: boolean): Watched {
  const place = usePlace();
  const [tick, setTick] = useState({ version: 0, orderVersion: 0 });
  const [state, setState] = useState<Watched["state"]>("loading");
  const [error, setError] = useState<unknown>(null);
  const reload = useRef(() => {});
  const isSeen = useRef(isShown);
  isSeen.current = isShown;
  const loader = useMemo(() => {
    const onProgress = ({ isNewOrder, isComplete }: Progress) => {
      setTick((now) => ({ version: now.version + 1, orderVersion: now.orderVersion + (isNewOrder ? 1 : 0) }));
      if (isComplete) setState("complete");
    };
    return new Loader(place, onProgress);
  }, [place]);
  // Two ranges of the same hours are the same.
  useEffect(() => {
    const load = async () => {
      try {
        const outcome = await loader.load({ range, hours });
        if (outcome === "superseded") return;
        setError(null);
        if (outcome === "empty") setState("empty");
      } catch (refusal) {
        setError(refusal);
      }
    };
    const refresh = () => {
      if (isSeen.current && document.visibilityState === "visible") void load();
    };
    reload.current = () => void load();
    setState("loading");
    void load();
    const timer = setInterval(refresh, REFRESH_MS);
    document.addEventListener("visibilitychange", refresh);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", refresh);
    };
  }, [loader, range?.from, range?.to, hours]);
  return { history: loader.history, ...tick, state, error, reload: () => reload.current() };
}
