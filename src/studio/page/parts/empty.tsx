import type { ComponentChildren } from 'preact';

/** An empty screen: what is missing, and the next step as a link or button. */
export function Empty({
  title,
  children,
  action,
}: {
  title: string;
  children?: ComponentChildren;
  action?: ComponentChildren;
}) {
  return (
    <section class="empty">
      <h2>{title}</h2>
      {children && <p>{children}</p>}
      {action && <p class="actions">{action}</p>}
    </section>
  );
}
