/** Where the page is, for every component. */

import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { Place } from "../api/place.ts";

export const PlaceContext = createContext(new Place("", "", ""));

export function usePlace(): Place {
  return useContext(PlaceContext);
}
