import { Formula } from './formula.tsx';
import { lossCards } from './loss-cards.ts';

/** One card for each loss; the chosen one is a radio button, so that arrow keys go from card to card. */
export function LossStrip({
  names,
  value,
  usual,
  onChange,
}: {
  names: readonly string[];
  value: string;
  usual: string;
  onChange: (name: string) => void;
}) {
  return (
    <fieldset class="losses">
      <legend>Loss</legend>
      <div class="strip">
        {names.map((name) => {
          const card = lossCards[name];
          return (
            <div key={name} class="loss" data-chosen={name === value}>
              <label>
                <input
                  type="radio"
                  name="loss"
                  value={name}
                  checked={name === value}
                  onChange={(event) => {
                    event.currentTarget.scrollIntoView?.({ block: 'nearest', inline: 'nearest' });
                    onChange(name);
                  }}
                />
                <span class="loss-title">
                  {card?.title ?? name}
                  {name === usual && <span class="badge">default</span>}
                </span>
                <code>{name}</code>
              </label>
              {card && <Formula text={card.formula} />}
              {card && <p class="loss-about">{card.about}</p>}
              {card && (
                <a href={`./losses/${name}.html`} target="_blank" rel="noopener">
                  All about <span class="hidden">{card.title}</span>
                  <span aria-hidden="true">{name}</span>
                </a>
              )}
            </div>
          );
        })}
      </div>
    </fieldset>
  );
}
