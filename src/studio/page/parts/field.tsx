import type { ComponentChildren } from 'preact';
import { useId, useState } from 'preact/hooks';

/** What every field has. */
interface FieldFacts {
  readonly label: string;
  /** One sentence under the field. */
  readonly help?: ComponentChildren;
  /** What is wrong with the value. */
  readonly fault?: string;
  readonly disabled?: boolean;
}

/** A label, a native control and its help, tied together. */
export function Field({
  label,
  help,
  fault,
  children,
}: FieldFacts & {
  children: (ids: { id: string; 'aria-describedby'?: string; 'aria-invalid'?: 'true' }) => ComponentChildren;
}) {
  const id = useId();
  const described = [help && `${id}-help`, fault && `${id}-fault`].filter(Boolean).join(' ');
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children({
        id,
        ...(described && { 'aria-describedby': described }),
        ...(fault && { 'aria-invalid': 'true' as const }),
      })}
      {help && (
        <p class="help" id={`${id}-help`}>
          {help}
        </p>
      )}
      {fault && (
        <p class="fault" id={`${id}-fault`}>
          {fault}
        </p>
      )}
    </div>
  );
}

/** A text or a number in words. `onChange` is called when the person is done, `onInput` at every key. */
export function TextField({
  value,
  onChange,
  onInput,
  placeholder,
  type = 'text',
  list,
  ...facts
}: FieldFacts & {
  value: string;
  onChange?: (value: string) => void;
  onInput?: (value: string) => void;
  placeholder?: string;
  type?: 'text' | 'search';
  /** Suggestions. */
  list?: readonly string[];
}) {
  const suggestions = useId();
  // Suggestions that come while a person types must not put the value from before back.
  const [typed, setTyped] = useState<string>();
  return (
    <Field {...facts}>
      {(ids) => (
        <>
          <input
            {...ids}
            type={type}
            value={typed ?? value}
            placeholder={placeholder}
            disabled={facts.disabled}
            autocomplete="off"
            spellcheck={false}
            list={list && suggestions}
            onInput={({ currentTarget }) => {
              setTyped(currentTarget.value);
              onInput?.(currentTarget.value);
            }}
            onChange={({ currentTarget }) => {
              setTyped(undefined);
              onChange?.(currentTarget.value);
            }}
          />
          {list && (
            <datalist id={suggestions}>
              {list.map((one) => (
                <option key={one} value={one} />
              ))}
            </datalist>
          )}
        </>
      )}
    </Field>
  );
}

/** A day such as `2026-05-31`; empty while there is none. */
export function DateField({
  value,
  onChange,
  ...facts
}: FieldFacts & { value: string; onChange: (value: string) => void }) {
  return (
    <Field {...facts}>
      {(ids) => (
        <input
          {...ids}
          type="date"
          value={value}
          disabled={facts.disabled}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

/** A number; undefined while the field is empty. */
export function NumberField({
  value,
  onInput,
  least,
  most,
  step = 'any',
  placeholder,
  ...facts
}: FieldFacts & {
  value: number | undefined;
  onInput: (value: number | undefined) => void;
  least?: number;
  most?: number;
  step?: number | 'any';
  placeholder?: string;
}) {
  return (
    <Field {...facts}>
      {(ids) => (
        <input
          {...ids}
          type="number"
          inputMode="decimal"
          value={value ?? ''}
          min={least}
          max={most}
          step={step}
          placeholder={placeholder}
          disabled={facts.disabled}
          onInput={({ currentTarget: { value: text, valueAsNumber } }) =>
            onInput(text === '' || Number.isNaN(valueAsNumber) ? undefined : valueAsNumber)
          }
        />
      )}
    </Field>
  );
}

/** A choice of a menu. */
export interface Choice {
  readonly value: string;
  readonly label: string;
  readonly disabled?: boolean;
}

/** A native menu with its label. */
export function Menu({
  value,
  choices,
  onChange,
  ...facts
}: FieldFacts & { value: string; choices: readonly Choice[]; onChange: (value: string) => void }) {
  return (
    <Field {...facts}>
      {(ids) => (
        <select
          {...ids}
          value={value}
          disabled={facts.disabled}
          onChange={(event) => onChange(event.currentTarget.value)}
        >
          {choices.map((choice) => (
            <option key={choice.value} value={choice.value} disabled={choice.disabled}>
              {choice.label}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

/** A check box with its label at the right. */
export function Check({
  label,
  checked,
  onChange,
  disabled,
}: {
  label: string;
  checked: boolean;
  onChange: (checked: boolean) => void;
  disabled?: boolean;
}) {
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={checked}
        disabled={disabled}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
      <span>{label}</span>
    </label>
  );
}

/** Radio buttons, each with a sentence on what it means. */
export function Options<T extends string>({
  legend,
  name,
  value,
  choices,
  onChange,
}: {
  legend: string;
  name: string;
  value: T;
  choices: readonly {
    readonly value: T;
    readonly label: string;
    readonly about?: string;
    readonly disabled?: boolean;
  }[];
  onChange: (value: T) => void;
}) {
  return (
    <fieldset class="options">
      <legend>{legend}</legend>
      {choices.map((choice) => (
        <label key={choice.value} class="option">
          <input
            type="radio"
            name={name}
            value={choice.value}
            checked={choice.value === value}
            disabled={choice.disabled}
            onChange={() => onChange(choice.value)}
          />
          <span>
            <span class="option-label">{choice.label}</span>
            {choice.about && <span class="option-about">{choice.about}</span>}
          </span>
        </label>
      ))}
    </fieldset>
  );
}
