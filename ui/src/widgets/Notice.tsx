/** A sentence about what is wrong or missing, and what to do next. */

import type { ComponentChildren } from "preact";

interface NoticeProps {
  readonly tone?: "plain" | "warning" | "error";
  readonly title?: string;
  readonly children: ComponentChildren;
}

export function Notice({ tone = "plain", title, children }: NoticeProps) {
  return (
    <div class={`notice ${tone}`} role={tone === "error" ? "alert" : "status"}>
      {title && <strong>{title}</strong>}
      <div class="notice-text">{children}</div>
    </div>
  );
}

/** Where there is nothing to show: what it means, and how something comes here. */
export function Empty({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <div class="empty">
      <h2>{title}</h2>
      {children}
    </div>
  );
}
