import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TaurecError, withoutPasswords } from '../src/errors.ts';

describe('passwords', () => {
  const secret = 's3cr3t-w0rd';
  it.each([
    `mysql://u:${secret}@h/db`,
    `postgres ://u:${secret}@h/db`,
    `postgres:/u:${secret}@h/db`,
    `postgres//u:${secret}@h/db`,
    `postgres:u:${secret}@h/db`,
    `postgres;//u:${secret}@h/db`,
    `postgres:://u:${secret}@h/db`,
    `postgres:///u:${secret}@h/db`,
    `postgrs:// u:${secret}@h`,
    `postgres:// u : ${secret} @ h`,
    `postgres://u :${secret}@h`,
    `u:${secret}@h/db`,
    `postgres://u:${secret}`,
    `postgres://u:${secret}/db?table=t`,
    `postgres://u:a b ${secret}@h/db`,
    `postgres://u:a@${secret}@h/db`,
    `postgres://u:a/${secret}@h/db`,
    `redis://:${secret}@h:6379`,
    `mongodb+srv://u:${secret}@h`,
    `jdbc:postgresql://u:${secret}@h/db`,
    `https://u:${secret}@h:443/path`,
    `host=h user=u password=${secret} dbname=d`,
    `PGPASSWORD=${secret} psql`,
    `postgres://u@h/db?password=${secret}&sslmode=require`,
  ])('are not in %s', (place) => {
    expect(withoutPasswords(`taurec: "${place}": no such file.`)).not.toContain(secret);
    expect(withoutPasswords(place)).not.toContain(secret);
    const error = new TaurecError('file-not-found', { file: place, tried: [place, { place }] });
    expect(JSON.stringify([error.message, error.facts])).not.toContain(secret);
  });

  it('of any scheme, user, host and letters are not shown', () => {
    const word = fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9_-]{0,8}$/);
    const password = fc.stringMatching(/^[\w!$%^&*()+~.,;-]{3,12}$/);
    const gap = fc.constantFrom('://', ' ://', ':/', '//', ':', ': //', ';//', '');
    fc.assert(
      fc.property(word, gap, word, password, word, (scheme, between, user, hidden, host) => {
        const start = between === '' ? '' : `${scheme}${between}`;
        const shown = withoutPasswords(`${start}${user}:#${hidden}#@${host}/db`);
        expect(shown).not.toContain(`#${hidden}#`);
      }),
    );
  });

  it.each([
    'Serving model at http://127.0.0.1:8080; API documentation: http://127.0.0.1:8080/docs. Ctrl-C stops.',
    'http://127.0.0.1:8080/v1/users/a@b',
    'postgres://u@localhost:5432/db?table=t',
    'https://example.com:443. Next',
    'C:\\data\\x.csv, models/a:b, line 3: got "a:b"',
    'error at 12:30: write to x@example.com',
  ])('other texts stay: %s', (text) => {
    expect(withoutPasswords(text)).toBe(text);
  });

  it('take linear time', () => {
    for (const piece of ['a.', 'a:', 'a:/', ' ', 'a://b:', 'x@']) {
      withoutPasswords(piece.repeat(20_000));
    }
  });
});

it('an error of another copy of taurec is a TaurecError, and a subclass knows its own', async () => {
  const copy = `${new URL('../dist/errors.js', import.meta.url)}?copy`;
  const { TaurecError: Other } = (await import(copy)) as typeof import('../src/errors.ts');
  class Own extends TaurecError {}
  const error = new Other('empty-data', { file: 'log.csv', reason: 'no rows' });
  expect(Other).not.toBe(TaurecError);
  expect(error).toBeInstanceOf(TaurecError);
  expect(error).not.toBeInstanceOf(Own);
  expect(new Own('empty-data')).toBeInstanceOf(Own);
  expect(new Own('empty-data')).toBeInstanceOf(Other);
  for (const value of [new Error('no'), { code: 'empty-data' }, undefined, null, 'text'])
    expect(value).not.toBeInstanceOf(TaurecError);
});
