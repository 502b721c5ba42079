import { useStudio } from '../state/studio.ts';

/** A view of a room. */
export interface View {
  /** In the address; empty for the first one. */
  readonly name: string;
  readonly title: string;
}

/** The view that the address names, else the first one. */
export function useView<T extends View>(views: readonly T[]): T {
  const { view } = useStudio().place.value.options;
  return views.find(({ name }) => name === view) ?? views[0]!;
}

/** Links to the views of a room, of which the address names one. */
export function Views({ label, views }: { label: string; views: readonly View[] }) {
  const studio = useStudio();
  const now = useView(views);
  return (
    <nav class="views" aria-label={label}>
      <ul>
        {views.map(({ name, title }) => (
          <li key={name}>
            <a
              href={studio.link({ options: { ...studio.place.value.options, view: name } })}
              aria-current={name === now.name ? 'page' : undefined}
            >
              {title}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}
