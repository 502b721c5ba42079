import { copyFileSync, existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { serve } from '../../src/server/serve.ts';
import { folder, taurec as runCommand } from '../cli/taurec.ts';

const root = join(import.meta.dirname, '../..');
const guideFile = join(root, 'docs/guides/csv-to-service.md');
const guide = readFileSync(guideFile, 'utf8');
copyFileSync(join(root, 'examples/quick-start/likes.csv'), join(folder, 'likes.csv'));

/** The arguments of a line as a shell reads them: quotes alone are used. */
const words = (line: string) => [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare!);
const lines = (start: string) =>
  guide
    .replaceAll(/ \\\n\s+/g, ' ')
    .split('\n')
    .filter((line) => line.startsWith(`    ${start} `))
    .map((line) => line.trim());
const taurec = async (line: string) => {
  const { code, stdout, stderr } = await runCommand(...words(line).slice(1), '--quiet');
  expect(code, stderr).toBe(0);
  return stdout;
};

describe('the guide from a CSV file to a service', () => {
  const commands = lines('taurec');
  const [before, update] = [commands.filter((line) => !/^taurec (serve|update)/.test(line)), commands.at(-1)!];

  test('its commands before the service run as they stand', async () => {
    expect(before.length).toBeGreaterThanOrEqual(7);
    for (const line of before) expect(await taurec(line), line).not.toBe('');
    expect(existsSync(join(folder, 'model/config.json'))).toBe(true);
  });

  test('its requests are answered; an update reaches the running server', async () => {
    const { openFeedback } = await import('taurec');
    const feedback = await openFeedback(`sqlite:${join(folder, 'feedback.db')}`);
    const server = await serve(join(folder, 'model'), {
      port: 0,
      feedback,
      reloadInterval: 0.1,
      token: 'a'.repeat(16),
    });
    const authorization = { authorization: `Bearer ${'a'.repeat(16)}` };
    const ask = async (line: string) => {
      const [, ...rest] = words(line);
      const url = rest.find((word) => word.startsWith('http'))!.replace('http://127.0.0.1:8080', server.url);
      const body = rest.includes('-d') ? rest[rest.indexOf('-d') + 1] : undefined;
      const headers = { ...authorization, 'content-type': 'application/json' };
      const response = await fetch(url, { headers, ...(body && { method: 'POST', body }) });
      expect(response.status, line).toBe(200);
      return response.json();
    };
    // A night without any feedback, and below one without new feedback: nothing is new.
    const config = () => readFileSync(join(folder, 'model/config.json'), 'utf8');
    const before = config();
    await taurec(update);
    expect(config()).toBe(before);
    const answers = [];
    for (const line of lines('curl')) answers.push(await ask(line));
    expect(answers[2]).toEqual({ received: 2, new: 2 });
    expect(answers.at(-1)).toMatchObject({ user: 'anna', basis: 'feedback' });
    expect(JSON.stringify(await ask(lines('curl')[0]!))).not.toContain('Tavern: Wandering Bridges');
    expect(update).toMatch(/^taurec update model/);
    await taurec(update);
    const updated = config();
    expect(updated).not.toBe(before);
    const nightly = guide.match(/^ {4}[\d*].* (taurec update .*)$/m)![1]!;
    expect(words(nightly)).toEqual([...words(update), '--quiet']);
    await taurec(update);
    expect(config()).toBe(updated);
    const reloaded = await fetch(`${server.url}/v1/reload`, { method: 'POST', headers: authorization });
    expect(reloaded.status).toBe(200);
    expect(await ask(lines('curl').at(-1)!)).toMatchObject({ user: 'anna', basis: 'model' });
    await server.close();
  });
});

test('every link of the front door leads somewhere', () => {
  for (const name of [
    'README.md',
    'CONTRIBUTING.md',
    'SECURITY.md',
    'docs/browser.md',
    'docs/guides/csv-to-service.md',
  ]) {
    const text = readFileSync(join(root, name), 'utf8');
    const targets = [...text.matchAll(/\]\(([^)#\s]+)/g)].map(([, target]) => target!);
    for (const target of targets.filter((place) => !place.includes('://'))) {
      expect(
        statSync(join(root, dirname(name), target), { throwIfNoEntry: false }),
        `${name}: ${target}`,
      ).toBeDefined();
    }
  }
});
