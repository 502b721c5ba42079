import { render } from 'preact';
import type { Operations } from '../operations.ts';
import type { Session } from '../session.ts';
import { App } from './app.tsx';
import { placeOf } from './state/place.ts';
import { Studio } from './state/studio.ts';
import { applyTheme } from './state/theme.ts';

/**
 * Draws the studio over the session that is made into an element, and follows the address.
 * @param operate operates the server that the page comes from; absent: there is none to operate
 */
export function mountStudio(
  root: Element,
  makeSession: () => Promise<Session>,
  operate?: (token: string | undefined) => Operations,
): Studio {
  applyTheme();
  const studio = new Studio(makeSession, location, operate);
  document.documentElement.toggleAttribute('data-teach', studio.teach);
  addEventListener('hashchange', () => {
    studio.place.value = placeOf(location.hash);
  });
  render(<App studio={studio} />, root);
  void studio.open();
  return studio;
}
