/** Text as it was printed, in a box that scrolls. */

export function Printed({ text, class: kind }: { text: string; class: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <pre class={`${kind} scrolled`} tabIndex={0}>
      {text}
    </pre>
  );
}
