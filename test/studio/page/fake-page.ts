import { mountStudio } from '../../../src/studio/page/mount.tsx';
import { FakeSession } from './fake-session.ts';

/** The studio's page over a fake session, which tests reach as `window.fake`. Settings are read from `?fake=`, as JSON of its public fields. */
const fake = new FakeSession();
const settings = JSON.parse(new URLSearchParams(location.search).get('fake') ?? '{}') as {
  fail?: string[];
  hold?: string[];
  epochMs?: number;
  kind?: 'page' | 'server';
};
for (const name of settings.fail ?? []) fake.fail.add(name);
for (const name of settings.hold ?? []) fake.hold.add(name);
if (settings.epochMs !== undefined) fake.epochMs = settings.epochMs;
if (settings.kind) fake.kind = settings.kind;
Object.assign(window, { fake });
mountStudio(document.getElementById('studio')!, async () => fake);
