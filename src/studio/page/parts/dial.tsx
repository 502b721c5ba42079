import { Field } from './field.tsx';

/** A number between two ends, moved by a native slider. `onInput` is called on every move, `onChange` when the person lets go. */
export function Dial({
  label,
  help,
  value,
  least,
  most,
  step,
  text,
  onInput,
  onChange,
}: {
  label: string;
  help?: string;
  value: number;
  least: number;
  most: number;
  step: number;
  /** The value in words, for the eye and for screen readers: `30%`. */
  text: string;
  onInput: (value: number) => void;
  onChange?: (value: number) => void;
}) {
  return (
    <div class="dial">
      <Field label={label} help={help}>
        {(ids) => (
          <input
            {...ids}
            type="range"
            min={least}
            max={most}
            step={step}
            value={value}
            aria-valuetext={text}
            onInput={(event) => onInput(event.currentTarget.valueAsNumber)}
            onChange={(event) => onChange?.(event.currentTarget.valueAsNumber)}
          />
        )}
      </Field>
      <span class="dial-value figure" aria-hidden="true">
        {text}
      </span>
    </div>
  );
}
