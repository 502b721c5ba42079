import type { Versions } from './current-version.ts';

/**
 * The version that a rollback returns to: the last one that was current before the current one was published. A version that was left by a rollback does not come back by another: history is read as a stack,
 * where a publication pushes and a rollback pops.
 */
export function earlierVersion({ history, versions, current }: Versions): string | undefined {
  const stack: string[] = [];
  for (const { version, by } of history) {
    if (by === 'rollback') while (stack.length > 0 && stack.at(-1) !== version) stack.pop();
    if (stack.at(-1) !== version) stack.push(version);
  }
  const held = new Set(versions.map(({ name }) => name));
  return stack.reverse().find((name) => name !== current && held.has(name));
}
