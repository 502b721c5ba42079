import { TaurecError } from '../../../src/errors.ts';
import { mountStudio } from '../../../src/studio/page/mount.tsx';
import { FakeServer } from './fake-server.ts';
import { FakeSession } from './fake-session.ts';

/** The studio's page over a fake session, which tests reach as `window.fake`. Settings are read from `?fake=`, as JSON of its public fields. */
const fake = new FakeSession();
const settings = JSON.parse(new URLSearchParams(location.search).get('fake') ?? '{}') as {
  fail?: string[];
  hold?: string[];
  epochMs?: number;
  unlisted?: string;
  kind?: 'page' | 'server';
  /** Names of models that are there from the start. */
  models?: string[];
  /** The page operates a server, which asks for this token; empty: for none. */
  operate?: string;
  /** The server tells nothing without the token. */
  closed?: boolean;
};
for (const name of settings.fail ?? []) fake.fail.add(name);
for (const name of settings.hold ?? []) fake.hold.add(name);
if (settings.epochMs !== undefined) fake.epochMs = settings.epochMs;
if (settings.kind) fake.kind = settings.kind;
fake.unlisted = settings.unlisted;
for (const name of settings.models ?? []) await fake.open(new Blob(), name);
Object.assign(window, { fake });
const { operate } = settings;
const operated = operate === undefined ? undefined : new FakeServer(operate, fake.fail);
Object.assign(window, { operated });
mountStudio(
  document.getElementById('studio')!,
  async () => {
    if (settings.closed && !operated?.joined) throw new TaurecError('no-token', { got: 'no token' });
    return fake;
  },
  operated && ((token) => operated.operations(token)),
);
