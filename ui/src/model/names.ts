/** The device and the tag that a sensor's id was made of, as `scoring_contract.sensor_names` defines ids. */

const SUFFIX = /^(.+?)(?:~u([0-9a-f]*[1-9a-f]))?$/;
const PARTS = /^((?:[^_]|__)+)_(?!_)(.+)$/;
const LETTER = /[a-z]/;

/** Return both names; null if the id holds a digest, or is none. */
export function pairOf(id: string): [device: string, tag: string] | null {
  const [, body = "", digits = ""] = SUFFIX.exec(id.toLowerCase()) ?? [];
  const [, device, tag] = PARTS.exec(capitalised(body, digits)) ?? [];
  if (device === undefined || tag === undefined) return null;
  try {
    return [unescaped(device.replaceAll("__", "_")), unescaped(tag)];
  } catch {
    return null; // a digest, or bytes that are not UTF-8
  }
}

/** What people read as the name of a sensor: its id where it is plain, else both names. */
export function nameOf(id: string, device: string, tag: string): string {
  return id === `${device}_${tag}` ? id : `${device} / ${tag}`;
}

/** What people read where only the id is known. */
export function displayOf(id: string): string {
  const pair = pairOf(id);
  return pair ? nameOf(id, ...pair) : id;
}

function unescaped(text: string): string {
  return decodeURIComponent(text.replaceAll("%", "%25").replaceAll("~", "%"));
}

/** Undo the loss of case: a bit for each letter says whether it is a capital. */
function capitalised(body: string, digits: string): string {
  const bits = [...digits].map((digit) => Number.parseInt(digit, 16).toString(2).padStart(4, "0")).join("");
  let letter = 0;
  return [...body]
    .map((char) => (LETTER.test(char) && bits[letter++] === "1" ? char.toUpperCase() : char))
    .join("");
}
