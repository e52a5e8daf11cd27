/**
 * Addresses and links, whether the page stands alone or in Airflow's frame.
 *
 * The frame's sandbox lets no link out of it, but the origin is the same: a link that is made in the document around
 * the frame navigates that one.
 */

const isFramed = window.parent !== window;

/** The query that a person opened the page with: the frame's, or the one that Airflow's address was given. */
export function openedQuery(): string {
  return window.location.search || (isFramed ? window.parent.location.search : "");
}

/** Write the query into the address of the page, and of Airflow's around it, so that it can be copied. */
export function writeQuery(query: string, isNewEntry: boolean): void {
  const here = window.location.pathname + query;
  if (isNewEntry) window.history.pushState(null, "", here);
  else window.history.replaceState(null, "", here);
  if (isFramed) mirror(query);
}

function mirror(query: string): void {
  const { history, location } = window.parent;
  // On a page of its own, Airflow writes this page's address behind its own once the frame has loaded. A DAG's tabs
  // keep their address.
  const isWritten =
    location.pathname.endsWith(window.location.pathname) || location.pathname.includes("/dags/");
  if (isWritten) history.replaceState(history.state, "", location.pathname + query);
}

/** Open a page of Airflow's where this page, or Airflow's around it, stands. */
export function openInAirflow(address: string): void {
  const link = window.parent.document.createElement("a");
  link.href = new URL(address, window.location.href).href;
  link.click();
}
