import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Recommender } from '../../src/recommender/recommender.ts';
import { nodeHost } from '../../src/studio/node/node-host.ts';
import { serveStudio } from '../../src/studio/server/serve-studio.ts';
import { ServerSession } from '../../src/studio/server-session.ts';
import type { SessionEvent } from '../../src/studio/session.ts';
import { Workbench } from '../../src/studio/workbench/workbench.ts';
import { describeSession, expectResumed, recordOf, stateOf, toyRequest } from './session-contract.ts';
import { folderWith, site } from './studio.ts';

/** A studio over a folder, and a session that has joined it. */
async function opened(folder: string) {
  const studio = await serveStudio(folder, { port: 0, threads: 2 }, { site });
  const session = await ServerSession.join(studio.url, studio.token);
  const end = async () => {
    await session.close();
    await studio.close();
  };
  return { studio, session, end };
}

let folders = 0;
describeSession(
  'a session over HTTP',
  () => opened(folderWith(`contract-${folders++}`)),
  async () => {
    const session = new Workbench(nodeHost());
    const record = await recordOf(session);
    await session.close();
    return record;
  },
);

const config = { loss: 'sl', dimension: 8, epochs: 6, validation: { every: 2 } } as const;
const endless = {
  ...config,
  epochs: 1_000_000,
  validation: { every: 1_000_000 },
  neighbors: 'off',
  checkpointEvery: 5,
} as const;

describe('what a studio makes', () => {
  it('is a model folder that others open, and a run again after a restart', async () => {
    const folder = folderWith('kept');
    const first = await opened(folder);
    await first.session.load(toyRequest);
    const { id } = await first.session.start(config, { name: 'my run' });
    await stateOf(first.session, id, 'done');
    const list = await first.session.recommend(id, { user: 'Ada' }, { k: 5 });
    await first.session.judge(id, 'test');
    const [info] = await first.session.runs();
    await first.end();

    const recommender = await Recommender.open(join(folder, 'models', id));
    expect(recommender.recommend('Ada', { k: 5 })).toEqual(list);
    await recommender.close();
    // Nothing else is there, and no lock.
    expect(readdirSync(join(folder, 'models')).sort()).toEqual([id, 'studio-openings.json']);

    const again = await opened(folder);
    expect(await again.session.runs()).toEqual([info]);
    expect(info).toMatchObject({ name: 'my run', state: 'done', opened: 1 });
    expect(await again.session.recommend(id, { user: 'Ada' }, { k: 5 })).toEqual(list);
    await again.session.load(toyRequest);
    expect((await again.session.judge(id, 'test')).opened).toBe(2);
    const next = await again.session.start(config);
    expect(next.id).not.toBe(id);
    await stateOf(again.session, next.id, 'done');
    await again.session.discard(id);
    expect((await again.session.runs()).map((run) => run.id)).toEqual([next.id]);
    expect(readdirSync(join(folder, 'models'))).not.toContain(id);
    await again.end();
  });

  it('is resumed from its last checkpoint after a restart, to the model that it would have had', async () => {
    const folder = folderWith('resumed');
    let own = await opened(folder);
    const interrupt = async () => {
      await own.end();
      own = await opened(folder);
      return own.session;
    };
    await expectResumed(own.session, interrupt, true);
    // Nothing is left of what the training needed.
    expect(readdirSync(join(folder, 'models', 'run-1'))).not.toContain('checkpoint-run.json');
    expect(readdirSync(join(folder, 'models', 'run-1'))).not.toContain('checkpoint.safetensors');
    await own.end();
  });

  it('keeps the last checkpoint of a training that is stopped with the server, and nothing of one that is cancelled', async () => {
    const folder = folderWith('stopped');
    const first = await opened(folder);
    await first.session.load(toyRequest);
    const { id } = await first.session.start(endless);
    await expect
      .poll(() => readdirSync(join(folder, 'models', id)), { timeout: 30_000 })
      .toEqual(['checkpoint-run.json', 'checkpoint.safetensors']);
    await first.end();
    expect(readdirSync(join(folder, 'models', id))).toEqual(['checkpoint-run.json', 'checkpoint.safetensors']);

    const again = await opened(folder);
    expect(await again.session.runs()).toMatchObject([{ id, state: 'interrupted', config: endless }]);
    expect((await again.session.sources()).sources.map(({ kind }) => kind)).not.toContain('file');
    await again.session.load(toyRequest);
    // The checkpoint is not written over.
    const next = await again.session.start(config);
    expect(next.id).not.toBe(id);
    await stateOf(again.session, next.id, 'done');
    expect(readdirSync(join(folder, 'models', id))).toEqual(['checkpoint-run.json', 'checkpoint.safetensors']);
    expect((await again.session.control(id, 'resume')).state).toBe('waiting');
    await stateOf(again.session, id, 'running', 0);
    expect((await again.session.control(id, 'cancel')).state).toBe('cancelled');
    expect(readdirSync(join(folder, 'models'))).not.toContain(id);
    await again.end();
  });

  it('is refused while another studio trains in the folder', async () => {
    const folder = folderWith('shared', {
      'models/lock': JSON.stringify({ pid: process.ppid, host: (await import('node:os')).hostname() }),
    });
    const { session, end } = await opened(folder);
    await session.load(toyRequest);
    await expect(session.start(config)).rejects.toMatchObject({ code: 'folder-in-use' });
    expect((await session.about()).elsewhere).toBeUndefined();
    await end();
  });
});

describe('a page that is loaded again', () => {
  it('gets the events that it missed, and those that follow, as another tab does', async () => {
    const { studio, session, end } = await opened(folderWith('reloaded'));
    const events: SessionEvent[] = [];
    session.watch((event) => events.push(event), 0);
    await session.load(toyRequest);
    const { id } = await session.start({ ...config, epochs: 400, validation: { every: 1 } });
    await expect.poll(() => events.length, { timeout: 30_000 }).toBeGreaterThan(20);
    // The page goes; the training does not.
    await session.close();
    const seen = events.length;
    const [reloaded, tab] = [
      await ServerSession.join(studio.url, studio.token),
      await ServerSession.join(studio.url, studio.token),
    ];
    const missed: SessionEvent[] = [];
    const all: SessionEvent[] = [];
    reloaded.watch((event) => missed.push(event), events.at(-1)!.number);
    tab.watch((event) => all.push(event), 0);
    await stateOf(reloaded, id, 'done');
    const isLast = (event: SessionEvent | undefined) => event?.type === 'run' && event.info.state === 'done';
    await expect.poll(() => isLast(missed.at(-1)) && isLast(all.at(-1)), { timeout: 30_000 }).toBe(true);
    // Newer pictures and progress take the place of older ones; everything else comes to all, in order and once.
    const lasts = (event: SessionEvent) => event.type === 'train' && event.event.type !== 'progress';
    const both = [...events, ...missed];
    expect(both.filter(lasts)).toEqual(all.filter(lasts));
    expect(both).toEqual(expect.arrayContaining(all));
    expect(missed[0]!.number).toBeGreaterThan(events[seen - 1]!.number);
    await Promise.all([reloaded.close(), tab.close()]);
    await end();
  });
});
