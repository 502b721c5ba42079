import { useEffect, useState } from 'preact/hooks';
import { Field, Menu } from '../parts/field.tsx';
import { expected, type FormField, fieldsInForce, readValue, type Value, type Values } from './options.ts';
import { firstPaths } from './schema-fields.ts';

/** The options of a training: those that people talk about, then all others. */
export function OptionForm({
  fields,
  values,
  onChange,
}: {
  fields: readonly FormField[];
  values: Values;
  onChange: (field: FormField, value: Value | undefined) => void;
}) {
  const shown = fieldsInForce(values, fields).filter(({ path }) => path !== 'loss.name');
  const first = firstPaths.flatMap((path) => shown.filter((field) => field.path === path));
  const rest = shown.filter((field) => !first.includes(field));
  const groups = [...new Set(rest.map(headingOf))];
  const changed = rest.filter(({ path }) => values[path] !== undefined).length;
  const draw = (field: FormField) => (
    <OptionField
      key={`${field.of?.name ?? ''}/${field.path}`}
      field={field}
      value={values[field.path]}
      onChange={(value) => onChange(field, value)}
    />
  );
  return (
    <div class="option-form">
      <div class="option-fields">{first.map(draw)}</div>
      {rest.length > 0 && (
        <details>
          <summary>More{changed > 0 && ` (${changed} changed)`}</summary>
          {groups.map((group) => (
            <section key={group} class="option-group" aria-label={group}>
              <h3>{group}</h3>
              <div class="option-fields">{rest.filter((field) => headingOf(field) === group).map(draw)}</div>
            </section>
          ))}
        </details>
      )}
    </div>
  );
}

/** The heading of an option among the others: its own, or what it is an option of. */
function headingOf({ group, of }: FormField): string {
  return group ?? (of?.kind === 'loss' ? 'Loss' : of?.kind === 'backbone' ? 'Backbone' : 'Other');
}

/** One option with its default marked. An empty field means the default. */
function OptionField({
  field,
  value,
  onChange,
}: {
  field: FormField;
  value: Value | undefined;
  onChange: (value: Value | undefined) => void;
}) {
  const usual = field.usual === undefined ? 'automatic' : String(field.usual);
  if (field.kind !== 'number') {
    const all = field.kind === 'switch' ? ['true', 'false'] : (field.choices ?? []);
    const words = (text: string) => (field.kind === 'switch' ? (text === 'true' ? 'on' : 'off') : text);
    return (
      <Menu
        label={field.title}
        help={field.help}
        value={value === undefined ? '' : String(value)}
        choices={[
          { value: '', label: `${words(usual)} (default)` },
          ...all.filter((one) => one !== usual).map((one) => ({ value: one, label: words(one) })),
        ]}
        onChange={(text) => onChange(readValue(field, text).value)}
      />
    );
  }
  return <NumberOption field={field} usual={usual} value={value} onChange={onChange} />;
}

function NumberOption({
  field,
  usual,
  value,
  onChange,
}: {
  field: FormField;
  usual: string;
  value: Value | undefined;
  onChange: (value: Value | undefined) => void;
}) {
  const outside = value === undefined ? '' : String(value);
  const [text, setText] = useState(outside);
  useEffect(() => {
    if (readValue(field, text).value !== value) setText(outside);
  }, [outside]);
  const { fault } = readValue(field, text);
  const list = `words-${field.path}`;
  return (
    <Field
      label={field.title}
      help={field.help}
      fault={fault === undefined ? undefined : `Expected ${expected(field)}.`}
    >
      {(ids) => (
        <>
          <input
            {...ids}
            type="text"
            inputMode={field.words ? 'text' : 'decimal'}
            value={text}
            placeholder={`${usual} (default)`}
            data-changed={value !== undefined}
            list={field.words && list}
            autocomplete="off"
            spellcheck={false}
            onInput={({ currentTarget: { value: typed } }) => {
              setText(typed);
              const read = readValue(field, typed);
              if (read.fault === undefined) onChange(read.value);
            }}
          />
          {field.words && (
            <datalist id={list}>
              {field.words.map((word) => (
                <option key={word} value={word} />
              ))}
            </datalist>
          )}
        </>
      )}
    </Field>
  );
}
