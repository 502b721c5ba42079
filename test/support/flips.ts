import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { randomStream } from '../../src/array/random.ts';

/** A flipped bit of a file that did not become an error, or one that does not name the file. */
export interface Missed {
  readonly file: string;
  readonly byte: number;
  readonly bit: number;
  readonly got: string;
}

/**
 * Flips one bit of a file after another, puts it back, and asks `read` for the error in between.
 * @param bytes which bytes to flip; each at one bit that the seed draws
 * @returns the flips without an error that names the file
 */
export async function flipBits(
  folder: string,
  file: string,
  bytes: Iterable<number>,
  seed: number,
  read: () => Promise<unknown>,
): Promise<Missed[]> {
  const path = join(folder, file);
  const whole = await readFile(path);
  const random = randomStream(seed, file);
  const missed: Missed[] = [];
  try {
    for (const byte of bytes) {
      const bit = random.integer(8);
      const flipped = Buffer.from(whole);
      flipped[byte]! ^= 1 << bit;
      await writeFile(path, flipped);
      const got = await read().then(
        () => 'no error',
        (error: Error) => error.message,
      );
      if (!got.includes(file)) missed.push({ file, byte, bit, got });
    }
  } finally {
    await writeFile(path, whole);
  }
  return missed;
}

/** `count` distinct places of a file of `length` bytes, drawn by the seed, and its first and last byte. */
export function somePlaces(length: number, count: number, seed: number): number[] {
  const random = randomStream(seed, 'places');
  const places = new Set([0, length - 1]);
  while (places.size < Math.min(count, length)) places.add(random.integer(length));
  return [...places];
}
