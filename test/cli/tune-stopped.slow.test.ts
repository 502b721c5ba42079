import { describe, expect, test, vi } from 'vitest';
import { json, start, taurec, writeData } from './taurec.ts';

// Two studies each, and one in two parts.
vi.setConfig({ testTimeout: 300_000 });
writeData();
const common = [
  'train.csv',
  '--valid',
  'valid.csv',
  '--dimension',
  '8',
  '--rows',
  '32',
  '--epochs',
  '20',
  '--threads',
  '2',
];

// biome-ignore lint/suspicious/noExplicitAny: JSON
const valuesOf = (result: any) =>
  // biome-ignore lint/suspicious/noExplicitAny: JSON
  result.trials.map(({ point, runs }: any) => ({
    point,
    // biome-ignore lint/suspicious/noExplicitAny: JSON
    runs: runs.map(({ rung, state, value, epoch }: any) => ({ rung, state, value, epoch })),
  }));

describe('a study that is stopped', () => {
  const study = [...common, '--loss', 'sl', '--search', 'random', '--trials', '6', '--rungs', '1'];

  test.each([
    ['killed', 'SIGKILL', null],
    ['interrupted', 'SIGINT', 130],
  ] as const)('%s goes on to the same end', async (name, signal, code) => {
    const whole = await json('tune', ...study, '--folder', 'undisturbed');
    const { child, done } = start(['tune', ...study, '--folder', name]);
    let stderr = '';
    child.stderr!.on('data', (text: string) => (stderr += text));
    while (!/Trial \d/.test(stderr) && child.exitCode === null) await new Promise((wake) => setTimeout(wake, 2));
    child.kill(signal);
    const stopped = await done;
    expect(stopped.code).toBe(code);
    if (signal === 'SIGINT')
      expect(stopped.stderr).toMatch(/The study is kept in interrupted.*To continue: .*tune train.csv/);
    const { stdout, stderr: said } = await taurec('tune', ...study, '--folder', name, '--json');
    expect(said).toMatch(/Continuing: \d trainings are done/);
    expect(valuesOf(JSON.parse(stdout))).toEqual(valuesOf(whole));
  });
});
