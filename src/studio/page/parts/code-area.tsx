import { useRef } from 'preact/hooks';
import { Field } from './field.tsx';

/** A field for a program. Tab indents; after Escape it moves on, as it does with Shift, so that nobody is caught in the field. */
export function CodeArea({
  label,
  value,
  onInput,
  rows,
  fault,
}: {
  label: string;
  value: string;
  onInput: (value: string) => void;
  rows: number;
  fault?: string;
}) {
  const leaving = useRef(false);
  const keys = (event: KeyboardEvent & { readonly currentTarget: HTMLTextAreaElement }) => {
    const plain = !event.shiftKey && !event.altKey && !event.ctrlKey && !event.metaKey;
    if (event.key === 'Escape') leaving.current = true;
    else if (event.key === 'Tab' && plain && !leaving.current) {
      event.preventDefault();
      const area = event.currentTarget;
      area.setRangeText('  ', area.selectionStart, area.selectionEnd, 'end');
      onInput(area.value);
    } else leaving.current = false;
  };
  return (
    <Field
      label={label}
      fault={fault}
      help="Tab indents. To leave the field by keyboard, press Escape and then Tab; Shift and Tab go back."
    >
      {(ids) => (
        <textarea
          {...ids}
          class="code"
          rows={rows}
          value={value}
          spellcheck={false}
          autocapitalize="off"
          autocomplete="off"
          wrap="off"
          onKeyDown={keys}
          onBlur={() => {
            leaving.current = false;
          }}
          onInput={(event) => onInput(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}
