/** Requests to the server that the page comes from, with the viewer's own session. */

/** The server did not do what was asked; the message is a sentence for people. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

const SENTENCES: Record<number, string> = {
  0: "The server does not answer. Is Airflow's api-server running, and the network there?",
  401: "You are not signed in to Airflow, or no longer.",
  403: "Your role in Airflow does not allow this.",
};

export function getJson<Answer>(address: string, signal?: AbortSignal): Promise<Answer> {
  return asked(address, { headers: { Accept: "application/json" }, ...(signal && { signal }) });
}

/** Change something, or ask what would change. */
export function sendJson<Answer>(
  method: "POST" | "DELETE",
  address: string,
  body?: unknown,
): Promise<Answer> {
  const headers = { Accept: "application/json", "Content-Type": "application/json" };
  return asked(address, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
}

async function asked<Answer>(address: string, init: RequestInit): Promise<Answer> {
  const response = await fetch(address, { credentials: "same-origin", ...init }).catch((error: unknown) => {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Refusal(0, SENTENCES[0] ?? "");
  });
  if (!response.ok) throw new Refusal(response.status, await sentenceOf(response));
  return (response.status === 204 ? undefined : await response.json()) as Answer;
}

async function sentenceOf(response: Response): Promise<string> {
  const said = detailOf(await response.json().catch(() => null));
  const usual = SENTENCES[response.status];
  // Airflow's own words for these are for programs: "Forbidden".
  return (
    (usual && !said?.endsWith(".") ? usual : said) ??
    `The server answered ${response.status} ${response.statusText}.`
  );
}

/** FastAPI gives a sentence, or a list of what is wrong with the request. */
function detailOf(said: unknown): string | null {
  const detail = (said as { detail?: unknown } | null)?.detail;
  if (typeof detail === "string") return detail;
  if (!Array.isArray(detail)) return null;
  return (
    detail
      .map((one: { msg?: unknown }) => String(one?.msg ?? ""))
      .filter(Boolean)
      .join("; ") || null
  );
}
