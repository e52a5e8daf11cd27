/** Starts the page in its shell. */

import { render } from "preact";
import { App } from "./App.tsx";
import { Place } from "./api/place.ts";
import { PlaceContext } from "./widgets/place_context.ts";
import "./style/tokens.css";
import "./style/base.css";
import "./style/page.css";
import "uplot/dist/uPlot.min.css";
import "./style/fleet.css";
import "./style/sensor.css";
import "./style/gaps.css";
import "./style/run.css";

const place = Place.of(document);
const root = document.getElementById("fleet") ?? document.body;
render(
  <PlaceContext.Provider value={place}>
    <App />
  </PlaceContext.Provider>,
  root,
);
