import { Fragment } from 'preact';

/** A formula from plain text: `_{…}` lowers, `^{…}` raises. Read aloud it is the text without braces. */
export function Formula({ text }: { text: string }) {
  const parts = text.split(/([_^]\{[^}]*\})/);
  return (
    <p class="formula">
      {parts.map((part, at) => {
        const inner = /^([_^])\{(.*)\}$/.exec(part);
        // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text stay in their places
        if (!inner) return <Fragment key={at}>{part}</Fragment>;
        // biome-ignore lint/suspicious/noArrayIndexKey: see above
        return inner[1] === '_' ? <sub key={at}>{inner[2]}</sub> : <sup key={at}>{inner[2]}</sup>;
      })}
    </p>
  );
}
