import { expect, it } from 'vitest';
import { TaurecError } from '../../src/errors.ts';
import { carryError, rebuildError } from '../../src/platform/carried-error.ts';

it('carries an error of the house whole: code, facts, message, stack and cause', () => {
  const cause = new RangeError('why');
  const error = new TaurecError('bad-option', { option: 'x', got: 3, expected: 'four' }, { cause });
  const rebuilt = rebuildError(structuredClone(carryError(error))) as TaurecError;
  expect(rebuilt).toBeInstanceOf(TaurecError);
  expect(rebuilt).toMatchObject({ code: error.code, facts: error.facts, message: error.message, stack: error.stack });
  expect(rebuilt.cause).toBeInstanceOf(RangeError);
});

it('turns what no thread can receive into text', () => {
  const got = () => 3;
  const error = new TaurecError('bad-option', { option: 'x', got, expected: 'four' });
  const rebuilt = rebuildError(structuredClone(carryError(error))) as TaurecError;
  expect(rebuilt.facts.got).toBe(String(got));
});

it('carries any other error as it is', () => {
  const rebuilt = rebuildError(structuredClone(carryError(new RangeError('elsewhere'))));
  expect(rebuilt).toBeInstanceOf(RangeError);
  expect(rebuilt).toMatchObject({ message: 'elsewhere' });
});
