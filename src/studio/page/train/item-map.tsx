import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { MapItem, RunInfo } from '../../session.ts';
import { FailurePanel } from '../parts/failure-panel.tsx';
import { Menu } from '../parts/field.tsx';
import { many } from '../parts/figures.ts';
import { Table } from '../parts/table.tsx';
import { useStudio } from '../state/studio.ts';
import { Task } from '../state/task.ts';
import { theme } from '../state/theme.ts';
import { MOST_COLORS, marksOf, meaningsOf } from './map-marks.ts';
import { MapPicture } from './map-picture.ts';

/** The items in two dimensions: near ones are liked by the same people. It moves with every epoch. */
export function ItemMap({ run }: { run: RunInfo }) {
  const studio = useStudio();
  const items = useMemo(() => new Task<readonly MapItem[]>(), []);
  const attribute = studio.place.value.options.map ?? '';
  const data = studio.data.value;
  useEffect(() => {
    if (data) void items.run(() => studio.session.mapItems(attribute || undefined));
  }, [attribute, data]);
  const now = studio.live.maps.value.get(run.id);
  const failed = items.state.value.state === 'failed' ? items.state.value.failure : undefined;
  return (
    <section class="card map" aria-labelledby="map">
      <div class="card-head">
        <h2 id="map">Map of the items</h2>
        {now && <p class="soft figure">epoch {now.epoch}</p>}
      </div>
      <p class="help">Items lie close together when the same people like them. A larger point has more users.</p>
      {data && data.attributes.length > 0 && (
        <Menu
          label="Colour"
          value={attribute}
          choices={[
            { value: '', label: 'Popularity' },
            ...data.attributes.map((name) => ({ value: name, label: name })),
          ]}
          onChange={(map) => studio.setOptions({ map })}
        />
      )}
      {failed && <FailurePanel failure={failed} retry={items.retry} />}
      {items.value && <Picture items={items.value} points={now} by={attribute === '' ? 'popularity' : 'value'} />}
    </section>
  );
}

function Picture({
  items,
  points,
  by,
}: {
  items: readonly MapItem[];
  points: { readonly x: readonly number[]; readonly y: readonly number[] } | undefined;
  by: 'popularity' | 'value';
}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const legend = useRef<HTMLUListElement>(null);
  const picture = useRef<MapPicture>(undefined);
  const [found, setFound] = useState<number>();
  const [open, setOpen] = useState(false);

  useEffect(() => {
    const made = new MapPicture(canvas.current!);
    picture.current = made;
    const observer = new ResizeObserver(() => made.draw());
    observer.observe(canvas.current!);
    return () => {
      observer.disconnect();
      made.dispose();
    };
  }, []);
  const paint = () => {
    // The legend has the colours of the theme, resolved by the browser.
    const colors = [...legend.current!.querySelectorAll('.swatch')].map((one) => getComputedStyle(one).backgroundColor);
    const all = by === 'value' ? palette(colors, items) : colors;
    if (picture.current) picture.current.marks = marksOf(items, by, all);
  };
  useEffect(paint, [items, by, theme.value]);
  useEffect(() => {
    const dark = matchMedia('(prefers-color-scheme: dark)');
    dark.addEventListener('change', paint);
    return () => dark.removeEventListener('change', paint);
  }, [items, by]);
  useEffect(() => {
    if (points && picture.current) picture.current.move(points);
  }, [points]);
  useEffect(() => {
    if (picture.current) picture.current.marked = found;
  }, [found]);

  const item = found === undefined ? undefined : items[found];
  const place = item && points && picture.current?.place(found!);
  return (
    <>
      <div class="map-frame">
        <canvas
          ref={canvas}
          role="img"
          aria-label={`Map of ${many(items.length, 'item')}; the table below has them all`}
          onPointerMove={(event) => setFound(picture.current?.nearest(event.offsetX, event.offsetY))}
          onPointerLeave={() => setFound(undefined)}
        />
        {!points && <p class="map-wait soft">The map comes with the first epoch.</p>}
        {item && place && (
          <p
            class="map-tip"
            ref={(tip) => {
              if (tip) placeTip(tip, place);
            }}
          >
            <strong>{item.title ?? item.id}</strong>
            <span>
              {many(item.popularity, 'user')}
              {item.value !== undefined && `, ${item.value}`}
            </span>
          </p>
        )}
      </div>
      <ul class="legend" ref={legend} aria-label="Colours">
        {by === 'popularity' ? (
          <>
            <li>
              <span class="swatch weak" /> few users
            </li>
            <li>
              <span class="swatch strong" /> many users
            </li>
          </>
        ) : (
          meaningsOf(items).map(({ label, color }) => (
            <li key={label}>
              <span class="swatch" data-color={color} /> {label}
            </li>
          ))
        )}
      </ul>
      <details onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>
          As a table<span class="hidden">: the items of the map</span>
        </summary>
        {open && (
          <Table
            caption="Items of the map"
            hideCaption
            rows={items}
            rowKey={({ id }) => id}
            columns={[
              {
                title: 'Item',
                heads: true,
                cell: (row, index) => (
                  <button
                    type="button"
                    class="quiet in-table"
                    onFocus={() => setFound(index)}
                    onBlur={() => setFound(undefined)}
                    onClick={() => setFound(index)}
                  >
                    {row.title ?? row.id}
                  </button>
                ),
              },
              ...(by === 'value' ? [{ title: 'Value', cell: ({ value }: MapItem) => value ?? '' }] : []),
              { title: 'Users', cell: ({ popularity }) => popularity, numeric: true },
            ]}
          />
        )}
      </details>
    </>
  );
}

/** All colours by position, from those that the legend shows. */
function palette(shown: readonly string[], items: readonly MapItem[]): readonly string[] {
  const colors: string[] = new Array(MOST_COLORS + 1).fill('gray');
  meaningsOf(items).forEach(({ color }, at) => {
    colors[color] = shown[at]!;
  });
  return colors;
}

/** Puts the tip beside its point, on the side where there is room. A policy without inline styles allows this, but no style in markup. */
function placeTip(tip: HTMLElement, [left, top]: readonly [number, number]): void {
  const { clientWidth: width } = tip.parentElement!;
  const right = left > width / 2;
  tip.style.left = right ? '' : `${left + 12}px`;
  tip.style.right = right ? `${width - left + 12}px` : '';
  tip.style.top = `${Math.max(0, top - 12)}px`;
}
