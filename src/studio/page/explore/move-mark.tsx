import type { Move } from './moves.ts';

/** How far an item moved. Its room is always there, so that lines do not shift. */
export function MoveMark({ move }: { move: Move | undefined }) {
  if (!move || (move.kind === 'moved' && move.by === 0)) return <span class="move" />;
  if (move.kind === 'new') return <span class="move move-new">new</span>;
  const up = move.by > 0;
  const by = Math.abs(move.by);
  return (
    <span class={up ? 'move move-up' : 'move move-down'}>
      <span aria-hidden="true">
        {up ? '↑' : '↓'} {by}
      </span>
      <span class="hidden">
        {up ? 'up' : 'down'} {by}
      </span>
    </span>
  );
}
