/** The page: tabs, and the view that the address names. */

import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { FLEET, type FleetView, queryOf, titleOf, type View, viewOf } from "./address.ts";
import { NONE, type Rights, rightsOf } from "./api/rights.ts";
import { FleetPage } from "./fleet/FleetPage.tsx";
import { openedQuery, writeQuery } from "./frame/navigation.ts";
import { type Theme, watchTheme } from "./frame/theme.ts";
import { GapsPage } from "./gaps/GapsPage.tsx";
import { PoolPage } from "./pool/PoolPage.tsx";
import { RunPage } from "./run/RunPage.tsx";
import { SensorPage } from "./sensor/SensorPage.tsx";
import { Tabs } from "./Tabs.tsx";
import { usePlace } from "./widgets/place_context.ts";

export function App() {
  const place = usePlace();
  const [view, setView] = useState<View>(() => viewOf(openedQuery(), place.run));
  const opened = useRef(view);
  const [theme, setTheme] = useState<Theme>("light");
  const [rights, setRights] = useState<Rights>(NONE);
  useLayoutEffect(
    () =>
      watchTheme((now) => {
        document.documentElement.dataset.theme = now;
        setTheme(now);
      }),
    [],
  );
  useEffect(() => {
    // Without an answer nobody is offered what they may not do.
    rightsOf(place).then(setRights, () => setRights(NONE));
  }, [place]);
  useEffect(() => {
    const back = () => {
      const now = viewOf(window.location.search, place.run);
      setView(now);
      writeQuery(queryOf(now), false);
    };
    // Not what the address says by now: Airflow may have written another one there.
    writeQuery(queryOf(opened.current), false);
    window.addEventListener("popstate", back);
    return () => window.removeEventListener("popstate", back);
  }, [place]);
  const show = useCallback((next: View, isNewEntry = false) => {
    writeQuery(queryOf(next), isNewEntry);
    setView(next);
  }, []);
  useEffect(() => {
    document.title = titleOf(view);
  }, [view]);
  const lastFleet = useRef<FleetView | null>(null);
  if (view.view === "fleet") lastFleet.current = view;
  const fleet = lastFleet.current;
  const shared = { theme, rights, onView: show };
  return (
    <>
      <Tabs view={view} fleet={fleet ?? FLEET} onView={(next) => show(next, true)} />
      <main>
        {/* It keeps its place while another view is open. */}
        {fleet && (
          <div class="view" hidden={view.view !== "fleet"}>
            <FleetPage view={fleet} isShown={view.view === "fleet"} {...shared} />
          </div>
        )}
        {view.view === "run" && <RunPage key={view.run} view={view} {...shared} />}
        {view.view === "pool" && <PoolPage />}
        {view.view === "gaps" && <GapsPage view={view} {...shared} />}
        {view.view === "sensor" && <SensorPage key={view.sensor} view={view} {...shared} />}
      </main>
    </>
  );
}
