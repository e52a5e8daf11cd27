/** A link to one of Airflow's pages: it opens where Airflow stands, also out of Airflow's frame. */

import type { ComponentChildren } from "preact";
import { openInAirflow } from "../frame/navigation.ts";

interface AirflowLinkProps {
  readonly href: string;
  readonly class?: string;
  readonly children: ComponentChildren;
}

export function AirflowLink({ href, children, ...rest }: AirflowLinkProps) {
  const open = (event: MouseEvent) => {
    // With a key held, browsers open a tab or a window; they do that by themselves.
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    openInAirflow(href);
  };
  return (
    <a href={href} onClick={open} {...rest}>
      {children}
    </a>
  );
}
