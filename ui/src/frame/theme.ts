/** Light or dark, as Airflow is: its page around this one says so; alone, the system does. */

export type Theme = "light" | "dark";

/** Call back with the theme now and whenever it changes. */
export function watchTheme(onTheme: (theme: Theme) => void): void {
  const root = airflowRoot();
  if (root) {
    const tell = () => onTheme(root.classList.contains("dark") ? "dark" : "light");
    new MutationObserver(tell).observe(root, { attributes: true, attributeFilter: ["class"] });
    tell();
    return;
  }
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const tell = () => onTheme(dark.matches ? "dark" : "light");
  dark.addEventListener("change", tell);
  tell();
}

function airflowRoot(): HTMLElement | null {
  return window.parent === window ? null : window.parent.document.documentElement;
}
