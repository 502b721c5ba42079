import { useEffect, useId, useMemo, useRef, useState } from 'preact/hooks';
import type { Found } from '../../session.ts';
import { Answer } from '../state/answer.ts';
import { shownFailure } from '../state/failure.ts';
import { Field } from './field.tsx';
import { many } from './figures.ts';

/** Milliseconds without a key before hits are looked up. */
const WAIT = 120;

/**
 * A search with hits below it: typing or the arrow down opens them, arrows move, Enter picks, Escape closes. The focus stays in the field.
 * `ask` is called again for every text; without a text it names what has most interactions.
 */
export function SearchBox({
  label,
  help,
  placeholder,
  hits: counted,
  ask,
  onPick,
  typed,
  keepOut,
}: {
  label: string;
  help?: string;
  placeholder?: string;
  /** What the numbers of the hits count: people of an item, items of a person. */
  hits: readonly [one: string, more: string];
  ask: (text: string) => Promise<readonly Found[]>;
  onPick: (found: Found) => void;
  /** Words for picking the text itself as an id, below the hits. Absent: only hits can be picked. */
  typed?: (text: string) => string;
  /** Ids that are picked already. */
  keepOut?: readonly string[];
}) {
  const id = useId();
  const [text, setText] = useState('');
  const [open, setOpen] = useState(false);
  const [at, setAt] = useState(0);
  const box = useRef<HTMLDivElement>(null);
  const answer = useMemo(() => new Answer<{ readonly of: string; readonly hits: readonly Found[] }>(), []);
  /** Enter was pressed before the hits of the text were there. */
  const hasty = useRef(false);
  useEffect(() => () => answer.reset(), [answer]);
  const search = (next: string, wait = WAIT) => {
    setText(next);
    setOpen(true);
    setAt(0);
    hasty.current = false;
    answer.ask(async () => ({ of: next, hits: await ask(next) }), wait);
  };
  const close = () => {
    setOpen(false);
    answer.reset();
  };
  const pick = (found: Found) => {
    setText('');
    close();
    onPick(found);
  };
  const hits = (answer.shown.value?.hits ?? []).filter((hit) => !keepOut?.includes(hit.id));
  const own = typed && text.trim() && !hits.some((hit) => hit.id === text.trim()) ? text.trim() : undefined;
  const choices: readonly { found: Found; own?: boolean }[] = [
    ...hits.map((found) => ({ found })),
    ...(own === undefined ? [] : [{ found: { id: own, interactions: 0 }, own: true }]),
  ];
  const now = answer.task.state.value;
  const fault = open && now.state === 'failed' ? shownFailure(now.failure) : undefined;
  const answered = answer.shown.value !== undefined;
  // While hits of a new text are looked up, those of the text before stay in sight, but no key picks one of them.
  const fresh = answer.shown.value?.of === text;
  const listed = open && answered && choices.length > 0;
  useEffect(() => {
    if (fresh && hasty.current && choices[0]) pick(choices[0].found);
  }, [fresh]);
  const onKeyDown = (event: KeyboardEvent) => {
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (move !== undefined) {
      event.preventDefault();
      if (!open) search(text, 0);
      else if (listed && fresh) setAt((at + move + choices.length) % choices.length);
    } else if (event.key === 'Enter' && open) {
      event.preventDefault();
      if (!fresh) hasty.current = true;
      else if (listed) pick(choices[at]!.found);
    } else if (event.key === 'Escape' && open) {
      event.preventDefault();
      close();
    }
  };
  return (
    <div
      class="search"
      ref={box}
      onFocusOut={(event) => {
        if (!box.current?.contains(event.relatedTarget as Node | null)) close();
      }}
    >
      <Field label={label} help={help} fault={fault && `${fault.what} ${fault.remedy}`}>
        {(ids) => (
          <input
            {...ids}
            type="search"
            value={text}
            placeholder={placeholder}
            autocomplete="off"
            spellcheck={false}
            {...combobox(listed, id, at)}
            onInput={(event) => search(event.currentTarget.value)}
            onClick={() => !open && search(text, 0)}
            onKeyDown={onKeyDown}
          />
        )}
      </Field>
      {listed && (
        <div class="hits" role="listbox" id={`${id}-hits`} aria-label={label}>
          {choices.map(({ found, own }, index) => (
            // biome-ignore lint/a11y/useKeyWithClickEvents: keys are those of the field, which keeps the focus
            // biome-ignore lint/a11y/useFocusableInteractive: the field names it as its active option
            <div
              key={own ? ' typed' : found.id}
              id={`${id}-${index}`}
              ref={(element) => {
                if (index === at) element?.scrollIntoView({ block: 'nearest' });
              }}
              role="option"
              aria-selected={index === at}
              // The field would lose the focus, and the hits with it.
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => pick(found)}
            >
              {own ? (
                typed?.(found.id)
              ) : (
                <>
                  <span class="item-name">
                    {found.title ?? found.id}
                    {found.title !== undefined && <span class="item-id">{found.id}</span>}
                  </span>
                  <span class="item-score">{many(found.interactions, ...counted)}</span>
                </>
              )}
            </div>
          ))}
        </div>
      )}
      <p class="help" role="status">
        {open && answered && fresh && hits.length === 0 && `Nothing is found for “${text}”.`}
      </p>
    </div>
  );
}

/** The role of the field and the option that the keys are at. An object, since Preact's types know the role only with a datalist, which shows no titles beside ids. */
function combobox(listed: boolean, id: string, at: number): object {
  return {
    role: 'combobox',
    'aria-autocomplete': 'list',
    'aria-expanded': listed,
    ...(listed && { 'aria-controls': `${id}-hits`, 'aria-activedescendant': `${id}-${at}` }),
  };
}
