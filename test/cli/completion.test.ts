import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { aims } from '../../src/training/aim.ts';
import { fails, folder, taurec } from './taurec.ts';

const has = (shell: string) => spawnSync(shell, ['--version']).status === 0;
const script: Record<string, string> = {};
beforeAll(async () => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { code, stdout, stderr } = await taurec('completion', shell);
    expect([code, stderr]).toEqual([0, '']);
    script[shell] = stdout;
    writeFileSync(join(folder, `taurec.${shell}`), stdout);
  }
});

/** What bash offers for the last of these words. */
function offered(...words: string[]): string[] {
  const quoted = words.map((word) => `'${word}'`).join(' ');
  const line = `source ./taurec.bash; COMP_WORDS=(taurec ${quoted}); COMP_CWORD=${words.length}; _taurec; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['--norc', '-c', line], { cwd: folder, encoding: 'utf8' }).trim().split('\n');
}

describe.skipIf(!has('bash'))('bash (skipped where it is not installed)', () => {
  test('offers commands, and those below a command', () => {
    expect(offered('')).toEqual(expect.arrayContaining(['train', 'tune', 'recipe', 'completion']));
    expect(offered('tr')).toEqual(['train']);
    expect(offered('recipe', '')).toEqual(['list', 'run', 'check']);
    expect(offered('completion', '')).toEqual(['bash', 'zsh', 'fish']);
  });
  test('offers the flags of the command, with its other words around', () => {
    expect(offered('train', '--dim')).toEqual(['--dimension']);
    expect(offered('train', 'ratings.csv', '--epochs', '3', '--see')).toEqual(['--seed']);
    expect(offered('recipe', 'list', '--publ')).toEqual(['--published']);
    expect(offered('similar', '--dim')).toEqual(['']);
  });
  test('offers the choices of a flag, and files where a value is free', () => {
    expect(offered('train', '--aim', '')).toEqual([...aims]);
    expect(offered('recommend', 'model', '--index', 'a')).toEqual(['approximate']);
    expect(offered('train', '--loss', 'b')).toEqual(['bsl', 'bpr', 'bce']);
    expect(offered('tune', '--backbone', 'light')).toEqual(['lightgcn', 'lightgcn++']);
    expect(offered('train', '--pool', 'h')).toEqual(['hard']);
    expect(offered('train', '--loss-module', '')).toEqual(['']);
    expect(offered('train', '--train', '')).toEqual(['']);
    expect(offered('train', '')).toEqual(['']);
  });
});

test('zsh reads the script of bash', () => {
  expect(script.zsh).toContain('bashcompinit');
  expect(script.zsh!.endsWith(script.bash!)).toBe(true);
});
test.skipIf(!has('zsh'))('zsh takes it (skipped where it is not installed)', () => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: of zsh
  const result = spawnSync('zsh', ['-f', '-c', 'source ./taurec.zsh && (( ${+functions[_taurec]} ))'], { cwd: folder });
  expect(result.stderr.toString()).toBe('');
  expect(result.status).toBe(0);
});

test('fish: a rule for each command and option', () => {
  expect(script.fish).toContain("complete -c taurec -f -n '__fish_use_subcommand' -a train -d ");
  expect(script.fish).toMatch(/^complete .*__fish_seen_subcommand_from train' -l aim -x -a 'accuracy discovery' -d /m);
  expect(script.fish).toMatch(/seen_subcommand_from recipe; and __fish_seen_subcommand_from list' -l published -d /);
});
test.skipIf(!has('fish'))('fish takes it (skipped where it is not installed)', () => {
  const result = spawnSync('fish', ['--no-config', '-c', 'source taurec.fish; complete -C "taurec train --ai"'], {
    cwd: folder,
  });
  expect(result.stderr.toString()).toBe('');
  expect(result.stdout.toString()).toContain('--aim');
});

test('another shell is refused with the known ones', () => fails(2, /bash, zsh, fish/, 'completion', 'tcsh'));
