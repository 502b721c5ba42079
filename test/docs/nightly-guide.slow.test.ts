import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Guide, type Ran, shopGuide } from './guide.ts';

describe('the guide of the nightly job', () => {
  let guide: Guide;
  let port: number;
  let ran: Ran[];
  const of = (start: string) => ran.filter(({ block }) => block.includes(start));
  const model = async () => (await fetch(`http://127.0.0.1:${port}/v1/model`)).json();

  beforeAll(async () => {
    ({ guide, port } = await shopGuide('nightly.md', (port) => ({
      '-n 165000': '-n 12500',
      'serve published': `serve published --port ${port}`,
    })));
    ran = await guide.run();
  }, 240_000);
  afterAll(() => guide.stop());

  test('its first version is served', () => {
    expect(JSON.parse(of('/v1/model')[0]!.stdout)).toMatchObject({ version: 'v1' });
  });

  test('a night with news publishes, with the comparison; one without publishes nothing', () => {
    const [first, second, third] = of('taurec nightly').map(({ stdout, stderr }) => stdout + stderr);
    expect(first).toMatch(/ndcg@20 of \d+ users on the latest events .*\n[\s\S]*Published v2 of published/);
    expect(second).toMatch(/Nothing is new/);
    expect(third).toContain('Published v3');
  });

  test('the roll-back reaches the server', async () => {
    expect(of('taurec rollback')[0]!.stdout).toContain('v2 of published is current now.');
    await expect.poll(model, { timeout: 20_000 }).toMatchObject({ version: 'v2' });
  });

  test('cron and systemd run the command that the guide ran', () => {
    const command = of('feedback.db?table=feedback')[0]!.block.split('\n').at(-1)!;
    expect(guide.text.match(/^ {4}15 3.*npx --no-install (.*)$/m)![1]).toBe(`${command} --quiet`);
    expect(guide.text).toContain(`taurec.js ${command.replace('taurec ', '')} --quiet`);
  });
});
