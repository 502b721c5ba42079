import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { IdMap } from '../../src/data/id-map.ts';
import { parseListId } from '../../src/feedback/list-id.ts';
import { replaceCatalogue } from '../../src/model/replace-catalogue.ts';
import { publishModel } from '../../src/model/versions.ts';
import type { RequestContext } from '../../src/server/endpoint.ts';
import { type RecommendationParts, recommendationEndpoints } from '../../src/server/recommendation-endpoints.ts';
import { defaultLimits, requestSchemas } from '../../src/server/schemas.ts';
import type { RecommendJob, ScoringJob } from '../../src/server/scoring-protocol.ts';
import type { RunningServer } from '../../src/server/serve.ts';
import { randomModel } from '../support/random-model.ts';
import { ask, expectProblem, folder, model, start } from './harness.ts';

let directory: string;
let server: RunningServer;

beforeAll(async () => {
  directory = await model('listed');
  server = await start(directory);
});

const requests: [string, unknown?][] = [
  ['/v1/users/u1/recommendations'],
  ['/v1/recommendations/for-items', { items: ['i1'] }],
  ['/v1/items/i1/similar'],
  ['/v1/popular'],
];
const places = (path: string, body: unknown, place: string) =>
  body ? ask(server, path, { ...body, place }) : ask(server, `${path}?place=${place}`);

test.each(requests)(
  '%s: every answer has an id of its own, which says the version and the place',
  async (path, body) => {
    const { version } = server.model;
    const ids: string[] = [];
    for (const place of ['home', '42', '-', 'x'.repeat(64)]) {
      const { json, text } = await places(path, body, place);
      expect(parseListId(json.list)).toEqual({ variant: '', version, place });
      expect(text.match(/"list"/g)).toHaveLength(1);
      ids.push(json.list);
    }
    const [first, second] = [await ask(server, path, body), await ask(server, path, body)];
    expect(parseListId(first.json.list)).toEqual({ variant: '', version, place: '' });
    expect({ ...first.json, list: '' }).toEqual({ ...second.json, list: '' });
    expect(new Set([...ids, first.json.list, second.json.list]).size).toBe(6);
    for (const place of ['a.b', '', 'x'.repeat(65), 'é']) {
      const answer = await places(path, body, place);
      expectProblem(answer, 400, 'bad-request');
      expect(answer.json.errors[0].field).toBe('place');
    }
  },
);

test('each list of many has its own id; explanations and scores have none', async () => {
  const { json } = await ask(server, '/v1/recommendations', { users: ['u1', 'u2', 'u1'], place: 'email' });
  const ids = json.recommendations.map(({ list }: { list: string }) => list);
  for (const id of ids) expect(parseListId(id)).toMatchObject({ place: 'email' });
  expect(new Set(ids).size).toBe(3);
  const explained = await ask(server, '/v1/users/u1/items/i1/explanation?place=home');
  expect(explained.json).not.toHaveProperty('list');
  const scored = await ask(server, '/v1/scores', { pairs: [{ user: 'u1', item: 'i1' }] });
  expect(scored.json).not.toHaveProperty('list');
});

test('a copy of a model has the same version, a new catalogue leaves it, another model does not have it', async () => {
  const { version } = server.model;
  expect(version).toMatch(/^[0-9a-f]{8}$/);
  const copy = join(folder, 'copy');
  cpSync(directory, copy, { recursive: true });
  await replaceCatalogue(copy, { source: 'none', ids: IdMap.fromIds(['i1']), attributes: new Map(), leftOut: [] });
  expect((await start(copy)).model.version).toBe(version);
  const other = await start(await model('unlike', { seed: 9 }));
  expect(other.model.version).toMatch(/^[0-9a-f]{8}$/);
  expect(other.model.version).not.toBe(version);
});

test('a published version is named', async () => {
  const published = join(folder, 'published');
  for (const seed of [1, 2]) await publishModel(randomModel({ users: 10, items: 20, dimension: 4, seed }), published);
  const own = await start(published);
  expect(own.model.version).toBe('v2');
  const { json } = await ask(own, '/v1/users/u1/recommendations');
  expect(parseListId(json.list)!.version).toBe('v2');
});

test('requests for different places have one key: they are ranked in one batch', async () => {
  const jobs: ScoringJob[] = [];
  const submit = async (job: ScoringJob) => {
    jobs.push(job);
    return ['{"items":[]}'];
  };
  const variant = { name: '', folder: '', share: 1, host: { version: 'v1', scorer: { submit } } };
  const parts = { variants: { of: () => variant }, metrics: { lists: () => {} } };
  const schemas = requestSchemas(defaultLimits);
  const [list] = recommendationEndpoints({ ...parts, schemas } as unknown as RecommendationParts);
  const path = 'http://localhost/v1/users/u1/recommendations';
  for (const query of ['', '?place=home', '?place=cart&k=10', '?k=10', '?k=11']) {
    const queries = () =>
      Object.fromEntries([...new URL(path + query).searchParams].map(([name, text]) => [name, [text]]));
    await list!.handle(
      { req: { url: path + query, queries }, env: { outgoing: {} } } as unknown as RequestContext,
      undefined,
    );
  }
  const keys = jobs.map((job) => (job as RecommendJob).key);
  expect(keys.slice(0, 4)).toEqual(Array(4).fill(keys[0]));
  expect(keys[4]).not.toBe(keys[0]);
  expect(JSON.stringify(jobs)).not.toContain('place');
});
