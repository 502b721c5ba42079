import { useState } from 'preact/hooks';
import type { RunInfo } from '../../session.ts';
import { Dial } from '../parts/dial.tsx';
import { FailurePanel } from '../parts/failure-panel.tsx';
import { DateField, Menu, NumberField } from '../parts/field.tsx';
import { number } from '../parts/figures.ts';
import { useStudio } from '../state/studio.ts';
import { lengths, priorDial, shareDials } from './dials.ts';
import { explorationOf } from './exploration.ts';
import { type AttributeControl, type AttributeFacts, controlKind, controlsInUse, dayOf } from './filters.ts';

/** The dials, filters and limits of lists. Lists of likenesses have no dials. */
export function DialsCard({ run }: { run: RunInfo }) {
  const exploration = explorationOf(useStudio());
  const { dials, controls } = { dials: exploration.dials.value, controls: exploration.controls.value };
  const ranked = exploration.subject.value !== 'item';
  const own = exploration.ownPrior(run);
  const all = ranked ? [...shareDials, priorDial(exploration.priorMost(run))] : [];
  // On a phone the list comes first: the dials open on request.
  const [open, setOpen] = useState(() => matchMedia('(min-width: 48rem)').matches);
  const used = Object.keys(dials).length + controlsInUse(controls);
  return (
    <details class="card dials" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <h2>{ranked ? 'Dials' : 'Filters'}</h2>
        {used > 0 && <span class="badge">{used} in use</span>}
      </summary>
      {all.map((dial) => (
        <Dial
          key={dial.name}
          {...dial}
          value={dials[dial.name] ?? (dial.name === 'prior' ? own : 0)}
          text={
            dial.name === 'prior' && dials.prior === undefined
              ? `${number(own)} (its own)`
              : dial.text(dials[dial.name] ?? 0)
          }
          onInput={(value) => exploration.turn(dial.name, value, true)}
          onChange={(value) => exploration.turn(dial.name, value)}
        />
      ))}
      <Menu
        label="Length of the list"
        value={String(dials.k ?? lengths[0])}
        choices={lengths.map((k) => ({ value: String(k), label: `${k} items` }))}
        onChange={(k) => exploration.turn('k', Number(k))}
      />
      <Filters />
      <button type="button" disabled={used === 0} onClick={() => exploration.resetAll()}>
        Reset all
      </button>
    </details>
  );
}

function Filters() {
  const exploration = explorationOf(useStudio());
  const { attributes, controls } = exploration;
  const now = attributes.state.value;
  if (now.state === 'failed') return <FailurePanel failure={now.failure} retry={attributes.retry} />;
  if (now.state !== 'done' || now.value.length === 0) return null;
  return (
    <details class="filters">
      <summary>Filters and limits</summary>
      {now.value.map((attribute) => (
        <AttributeFields
          key={attribute.name}
          attribute={attribute}
          control={controls.value[attribute.name] ?? {}}
          onChange={(change) => exploration.filter(attribute.name, change)}
        />
      ))}
    </details>
  );
}

function AttributeFields({
  attribute,
  control,
  onChange,
}: {
  attribute: AttributeFacts;
  control: AttributeControl;
  onChange: (change: AttributeControl) => void;
}) {
  const { name, type, from, to } = attribute;
  const kind = controlKind(attribute);
  const values = type === 'boolean' ? ['true', 'false'] : (attribute.values ?? []);
  const words = { true: 'yes', false: 'no' } as Readonly<Record<string, string>>;
  const [least, most] = kind === 'dates' ? ['from', 'until'] : ['least', 'most'];
  const range = [
    { at: 'from', label: `${name}, ${least}`, start: from },
    { at: 'to', label: `${name}, ${most}`, start: to },
  ] as const;
  return (
    <div class="attribute" data-kind={kind}>
      {kind === 'menu' && (
        <Menu
          label={name}
          value={control.value ?? ''}
          choices={[
            { value: '', label: 'any' },
            ...values.map((value) => ({ value, label: type === 'boolean' ? words[value]! : value })),
          ]}
          onChange={(value) => onChange({ value: value || undefined })}
        />
      )}
      {kind === 'numbers' &&
        range.map(({ at, label, start }) => (
          <NumberField
            key={at}
            label={label}
            value={control[at] === undefined ? undefined : Number(control[at])}
            placeholder={start === undefined ? undefined : String(start)}
            onInput={(value) => onChange({ [at]: value === undefined ? undefined : String(value) })}
          />
        ))}
      {kind === 'dates' &&
        range.map(({ at, label, start }) => (
          <DateField
            key={at}
            label={label}
            value={control[at] ?? (start === undefined ? '' : dayOf(start))}
            onChange={(value) => onChange({ [at]: value || undefined })}
          />
        ))}
      {kind === 'menu' && type !== 'boolean' && (
        <NumberField
          label={`Most items of one ${name}`}
          value={control.most}
          least={1}
          step={1}
          placeholder="no limit"
          onInput={(most) => onChange({ most: most !== undefined && most >= 1 ? Math.floor(most) : undefined })}
        />
      )}
    </div>
  );
}
