import { useLayoutEffect, useRef } from 'preact/hooks';
import { operatingOf } from './operate/operating.ts';
import { TokenForm } from './operate/token-form.tsx';
import { FailurePanel } from './parts/failure-panel.tsx';
import { Menu } from './parts/field.tsx';
import { Progress } from './parts/progress.tsx';
import { type RoomFacts, roomFacts } from './rooms.tsx';
import { type Room, rooms } from './state/place.ts';
import { type Studio, StudioContext, useStudio } from './state/studio.ts';
import { setTheme, theme, themes } from './state/theme.ts';
import { Tasks } from './teach.tsx';

/** The whole page over a studio. */
export function App({ studio }: { studio: Studio }) {
  return (
    <StudioContext.Provider value={studio}>
      {/* biome-ignore lint/a11y/useValidAnchor: a link by nature; its handler keeps the fragment, which is the address of a place */}
      <a class="skip" href="#content" onClick={toContent}>
        Skip to content
      </a>
      <Header />
      {studio.teach && <Tasks />}
      <Content />
      <div class="hidden" role="status" aria-live="polite">
        {studio.said}
      </div>
    </StudioContext.Provider>
  );
}

function Header() {
  const { about, current, offered, link } = useParts();
  return (
    <header class="top">
      <p class="brand">
        <span class="brand-name">taurec</span> studio
      </p>
      <nav aria-label="Rooms">
        <ul>
          {offered.map(([room, { title }]) => (
            <li key={room}>
              <a href={link(room)} aria-current={current === room ? 'page' : undefined}>
                {title}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <p class="where">
        {about?.kind === 'page' && 'Nothing leaves this page.'}
        {about?.folder !== undefined && <>Works in {about.folder}.</>}
      </p>
      <div class="theme">
        <Menu
          label="Theme"
          value={theme.value}
          choices={themes.map((value) => ({ value, label: value[0]!.toUpperCase() + value.slice(1) }))}
          onChange={(value) => setTheme(themes.find((known) => known === value) ?? 'auto')}
        />
      </div>
    </header>
  );
}

function Content() {
  const studio = useStudio();
  const { current, offered } = useParts();
  const opening = studio.opening.state.value;
  const closed = studio.operate && opening.state !== 'done' && operatingOf(studio).closed.value;
  const facts = offered.find(([room]) => room === current)![1];
  const title = useRef<HTMLHeadingElement>(null);
  const before = useRef(current);
  // Before the new title is drawn: nobody sees or hears one room under the name of another.
  useLayoutEffect(() => {
    document.title = `${facts.title} – taurec studio`;
    // The first screen keeps the focus that the browser gives; later ones start at their title.
    if (before.current !== current) {
      before.current = current;
      title.current?.focus();
      scrollTo(0, 0);
    }
  }, [current, facts]);
  return (
    <main id="content" tabIndex={-1} data-room={current}>
      <div class="room-title">
        <h1 ref={title} tabIndex={-1}>
          {facts.title}
        </h1>
        <p>{facts.about}</p>
      </div>
      {closed && <TokenForm />}
      {!closed && opening.state === 'failed' && (
        <FailurePanel failure={opening.failure} retry={() => void studio.open()} />
      )}
      {!closed && opening.state === 'working' && <Progress label="Starting the engine" />}
      {opening.state === 'done' && <facts.Screen key={facts.title} />}
    </main>
  );
}

function useParts() {
  const studio = useStudio();
  const { room } = studio.place.value;
  const offered = roomsOf(studio.operate !== undefined);
  return {
    about: studio.about.value,
    offered,
    // An address may name a room that is not offered here.
    current: (offered.find(([one]) => one === room) ?? offered[0]!)[0],
    link: (to: Room) => studio.link({ room: to }),
  };
}

/** The rooms of the navigation, in their order. */
function roomsOf(operated: boolean): readonly (readonly [Room, RoomFacts])[] {
  return rooms.flatMap((room) => {
    const facts = roomFacts[room];
    return facts && (operated ? facts.operated : facts.operated !== 'only') ? [[room, facts] as const] : [];
  });
}

/** The fragment is the address of a place, so the skip link moves the focus itself. */
function toContent(event: Event) {
  event.preventDefault();
  document.getElementById('content')?.focus();
}
