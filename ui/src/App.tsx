/** The page: tabs, and the view that the address names. */

import { useCallback, useEffect, useState } from "preact/hooks";
import { queryOf, type View, viewOf } from "./address.ts";
import { NONE, type Rights, rightsOf } from "./api/rights.ts";
import { FleetPage } from "./fleet/FleetPage.tsx";
import { openedQuery, writeQuery } from "./frame/navigation.ts";
import { type Theme, watchTheme } from "./frame/theme.ts";
import { Tabs } from "./Tabs.tsx";
import { usePlace } from "./widgets/place_context.ts";

export function App() {
  const place = usePlace();
  const [view, setView] = useState<View>(() => viewOf(openedQuery(), place.run));
  const [theme, setTheme] = useState<Theme>("light");
  const [rights, setRights] = useState<Rights>(NONE);
  useEffect(
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
    writeQuery(queryOf(viewOf(openedQuery(), place.run)), false);
    window.addEventListener("popstate", back);
    return () => window.removeEventListener("popstate", back);
  }, [place]);
  const show = useCallback((next: View, isNewEntry = false) => {
    writeQuery(queryOf(next), isNewEntry);
    setView(next);
  }, []);
  return (
    <>
      <Tabs view={view} onView={(next) => show(next, true)} />
      <main>
        {view.view === "fleet" && <FleetPage view={view} theme={theme} rights={rights} onView={show} />}
      </main>
    </>
  );
}
