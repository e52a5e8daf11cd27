/** The ways between the views. */

import { type FleetView, queryOf, type View } from "./address.ts";

interface TabsProps {
  readonly view: View;
  /** As the map was left. */
  readonly fleet: FleetView;
  readonly onView: (view: View) => void;
}

export function Tabs({ view, fleet, onView }: TabsProps) {
  const tabs: [string, View][] = [
    ["Fleet", fleet],
    ["Gaps", view.view === "gaps" ? view : { view: "gaps", range: fleet.range }],
    ["Pool", { view: "pool" }],
  ];
  if (view.view === "sensor") tabs.splice(1, 0, ["Sensor", view]);
  if (view.view === "run") tabs.splice(1, 0, ["Run", view]);
  return (
    <nav class="tabs" aria-label="Views">
      {tabs.map(([name, to]) => (
        <a
          key={name}
          href={queryOf(to)}
          aria-current={to.view === view.view ? "page" : undefined}
          onClick={(event) => {
            if (event.metaKey || event.ctrlKey || event.shiftKey) return;
            event.preventDefault();
            onView(to);
          }}
        >
          {name}
        </a>
      ))}
    </nav>
  );
}
