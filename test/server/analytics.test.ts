import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openFeedback } from '../../src/feedback/open-feedback.ts';
import { analyticsAnswers } from '../../src/server/analytics-endpoints.ts';
import { ask, expectProblem, folder, model, start } from './harness.ts';

const recommend = '/v1/users/u1/recommendations?k=3';

describe('GET /v1/analytics', () => {
  test('impressions and clicks of a list that the server made; the next request has what came since', async () => {
    const place = join(folder, 'analytics.db');
    const server = await start(await model('analytics'), { feedback: await openFeedback(place) });
    const { list, items } = (await ask(server, `${recommend}&place=home`)).json;
    const shown = items.map(({ id }: { id: string }, at: number) => {
      return { user: 'u1', item: id, kind: 'impression', list, position: at + 1 };
    });
    const click = { user: 'u1', item: items[1].id, kind: 'click', list, position: 2 };
    expect((await ask(server, '/v1/feedback', { events: [...shown, click] })).json).toEqual({ received: 4, new: 4 });
    const { json } = await ask(server, '/v1/analytics?by=place');
    const figures = analyticsAnswers.analytics.parse(json);
    expect(figures.rows).toMatchObject([
      { name: 'home', impressions: 3, people: 1, answered: { click: { count: 1 } } },
    ]);
    expect(figures.rows[0]!.coverage).toBeCloseTo(3 / 60, 12);
    expect(figures.drift).toMatchObject([{ events: 1, unknownUsers: 0, unknownItems: 0 }]);
    // Impressions and clicks hide nothing.
    expect((await ask(server, recommend)).json.items).toEqual(items);
    await ask(server, '/v1/feedback', { events: [{ user: 'new', item: 'nowhere', kind: 'purchase', time: 5 }] });
    const later = analyticsAnswers.analytics.parse((await ask(server, '/v1/analytics?by=position&from=0')).json);
    expect(later.events).toBe(5);
    expect(later.rows.map(({ name, answered }) => [name, answered.click!.count])).toEqual([
      ['1', 0],
      ['2', 1],
      ['3', 0],
    ]);
    expect(later.drift![0]).toMatchObject({ day: '1970-01-01', events: 1, unknownUsers: 1, unknownItems: 1 });
    const version = /^\.([^.]+)\./.exec(list)![1];
    const { text } = await ask(server, '/metrics');
    const labels = `variant="",version="${version}",place="home"`;
    expect(text).toContain(`taurec_list_events_total{kind="impression",${labels}} 3`);
    expect(text).toContain(`taurec_list_events_total{kind="click",${labels}} 1`);
    for (const query of ['by=year', 'from=today', 'window=0', 'most=5', 'from=9&to=8']) {
      expectProblem(await ask(server, `/v1/analytics?${query}`), 400);
    }
    expectProblem(await ask(server, '/v1/analytics/comparison?a=a&b=b'), 400, 'bad-option');
    await server.close();
    expect(existsSync(place)).toBe(true);
  });

  test('two variants are compared; ids that nobody made are no series without end', async () => {
    const [a, b] = [await model('analytics-a'), await model('analytics-b', { seed: 5 })];
    const server = await start({ a, b }, { feedback: await openFeedback(join(folder, 'two.db')) });
    const events = [];
    for (let u = 0; u < 30; u++) {
      const { list, items, variant } = (await ask(server, `/v1/users/u${u}/recommendations?k=1`)).json;
      expect(list.startsWith(`${variant}.`)).toBe(true);
      const about = { user: `u${u}`, item: items[0].id, list };
      events.push({ ...about, kind: 'impression' }, ...(variant === 'b' ? [{ ...about, kind: 'click' }] : []));
    }
    await ask(server, '/v1/feedback', { events });
    const { json } = await ask(server, '/v1/analytics/comparison?a=a&b=b&expected=100');
    const [click] = analyticsAnswers.comparison.parse(json).comparisons;
    expect([click!.a.rate, click!.b.rate, click!.a.people + click!.b.people]).toEqual([0, 1, 30]);
    const forged = Array.from({ length: 900 }, (_, n) => {
      return { user: 'x', item: 'y', kind: 'click', list: `a.v${n + 1}.p.000000000000` };
    });
    await ask(server, '/v1/feedback', { events: forged });
    const { text } = await ask(server, '/metrics');
    const series = text.split('\n').filter((line) => line.startsWith('taurec_list_events_total'));
    expect(series.length).toBeLessThanOrEqual(501);
    expect(series.join('\n')).toMatch(/kind="other",variant="other",version="other",place="other"\} \d+/);
  });

  test('without feedback 404; with tokens the scope admin; a forgotten person is gone', async () => {
    const directory = await model('analytics-closed');
    expectProblem(await ask(await start(directory), '/v1/analytics'), 404, 'feedback-off');
    const tokens = [
      { token: 'r'.repeat(16), scopes: ['read', 'write'] as const },
      { token: 'a'.repeat(16), scopes: ['admin'] as const },
    ];
    const server = await start(directory, { feedback: await openFeedback(join(folder, 'closed.db')), tokens });
    const as = (letter: string) => ({ headers: { Authorization: `Bearer ${letter.repeat(16)}` } });
    const event = { user: 'u1', item: 'i', kind: 'impression' };
    await ask(server, '/v1/feedback', { events: [event] }, as('r'));
    expectProblem(await ask(server, '/v1/analytics', undefined, as('r')), 403);
    expect((await ask(server, '/v1/analytics', undefined, as('a'))).json).toMatchObject({ events: 1, people: 1 });
    await ask(server, '/v1/users/u1', undefined, { method: 'DELETE', ...as('r') });
    expect((await ask(server, '/v1/analytics', undefined, as('a'))).json).toMatchObject({ events: 0, people: 0 });
  });
});
