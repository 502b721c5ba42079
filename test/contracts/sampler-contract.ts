import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Csr, csrDegree, csrHas, csrRow } from '../../src/array/csr.ts';
import { createSampler } from '../../src/sampler/create-sampler.ts';
import type { Batch, Sampler } from '../../src/sampler/sampler.ts';
import type { SamplerOptions } from '../../src/sampler/sampler-options.ts';
import { draws } from '../support/property-seed.ts';
import { smallNegativeWeights, smallTrain } from '../support/small-plan.ts';

/** A small training matrix with, now and then, a user without items. */
export const trains: fc.Arbitrary<Csr> = fc
  .record({
    users: fc.integer({ min: 1, max: 30 }),
    items: fc.integer({ min: 1, max: 40 }),
    weighted: fc.boolean(),
    seed: fc.nat(),
  })
  .map(({ users, items, weighted, seed }) => {
    const train = smallTrain(users, items, weighted, seed);
    const offsets = train.offsets.slice();
    if (seed % 3 === 0) return { ...train, rows: users + 1, offsets: Int32Array.of(...offsets, offsets[users]!) };
    return train;
  });

/** All batches of an epoch, copied. */
export function epochOf(sampler: Sampler, epoch: number): Batch[] {
  sampler.startEpoch(epoch);
  return Array.from({ length: sampler.stepsPerEpoch }, (_, step) => structuredClone(sampler.batch(step)));
}

/** The items a row sees as negatives, position by position, and which positions are masked. */
export function rowNegatives(batch: Batch, r: number): { items: Int32Array; masked: Set<number> } {
  const n = batch.negativesPerRow;
  const items = batch.shared ? batch.negatives : batch.negatives.slice(r * n, (r + 1) * n);
  return { items, masked: new Set(batch.masked.subarray(batch.maskOffsets[r]!, batch.maskOffsets[r + 1]!)) };
}

/** What every sampler keeps to. */
export function samplerContract(title: string, options: Partial<SamplerOptions>): void {
  const runs = draws(40);
  const given = fc.record({
    train: trains,
    rows: fc.integer({ min: 1, max: 12 }),
    seed: fc.nat(),
    epoch: fc.nat({ max: 50 }),
  });

  describe(`sampler contract: ${title}`, () => {
    test('an epoch holds every interaction once', () => {
      fc.assert(
        fc.property(given, ({ train, rows, seed, epoch }) => {
          const seen: string[] = [];
          for (const batch of epochOf(createSampler(train, { ...options, rows }, seed), epoch)) {
            for (let r = 0; r < batch.users.length; r++) {
              for (let e = batch.positiveOffsets[r]!; e < batch.positiveOffsets[r + 1]!; e++)
                seen.push(`${batch.users[r]} ${batch.positives[e]}`);
            }
          }
          const expected: string[] = [];
          for (let u = 0; u < train.rows; u++) for (const item of csrRow(train, u)) expected.push(`${u} ${item}`);
          expect(seen.sort()).toEqual(expected.sort());
        }),
        runs,
      );
    });

    test('batches keep their shape and stay inside the capacity', () => {
      fc.assert(
        fc.property(given, ({ train, rows, seed, epoch }) => {
          const sampler = createSampler(train, { ...options, rows }, seed);
          const { capacity } = sampler;
          const batches = epochOf(sampler, epoch);
          batches.forEach((batch, step) => {
            const b = batch.users.length;
            expect(batch.shared).toBe(capacity.shared);
            if (step < batches.length - 1) expect(b).toBe(capacity.rows);
            expect(b).toBeGreaterThan(0);
            expect(b).toBeLessThanOrEqual(capacity.rows);
            expect(batch.rowWeights.length).toBe(b);
            expect(batch.positiveOffsets.length).toBe(b + 1);
            expect(batch.maskOffsets.length).toBe(b + 1);
            expect([batch.positiveOffsets[0], batch.maskOffsets[0]]).toEqual([0, 0]);
            expect(batch.positives.length).toBe(batch.positiveOffsets[b]);
            expect(batch.masked.length).toBe(batch.maskOffsets[b]);
            expect(batch.masked.length).toBeLessThanOrEqual(capacity.masked);
            expect(batch.positives.length).toBeLessThanOrEqual(capacity.positives);
            expect(batch.negativesPerRow).toBeLessThanOrEqual(capacity.negativesPerRow);
            expect(batch.negatives.length).toBe(batch.shared ? batch.negativesPerRow : b * batch.negativesPerRow);
            if (batch.shared) expect(new Set(batch.negatives).size).toBe(batch.negatives.length);
            for (const item of batch.negatives) expect(item >= 0 && item < train.columns).toBe(true);
            for (const w of batch.negativeWeights ?? []) expect(w).toBeGreaterThan(0);
          });
        }),
        runs,
      );
    });

    test("masks are exactly the positions of the user's own positives, or none on request", () => {
      fc.assert(
        fc.property(given, ({ train, rows, seed, epoch }) => {
          for (const batch of epochOf(createSampler(train, { ...options, rows }, seed), epoch)) {
            for (let r = 0; r < batch.users.length; r++) {
              const { items, masked } = rowNegatives(batch, r);
              expect(masked.size).toBe(batch.maskOffsets[r + 1]! - batch.maskOffsets[r]!);
              items.forEach((item, j) => {
                expect(masked.has(j)).toBe(csrHas(train, batch.users[r]!, item));
              });
            }
          }
          const open = epochOf(createSampler(train, { ...options, rows, maskPositives: false }, seed), epoch);
          for (const batch of open) expect(batch.masked.length).toBe(0);
        }),
        runs,
      );
    });

    test('weights of negatives stand where the row has them, and override the masking', () => {
      fc.assert(
        fc.property(given, fc.boolean(), fc.nat(2), ({ train, rows, seed, epoch }, maskPositives, less) => {
          const weights = smallNegativeWeights(Math.max(0, train.rows - less), train.columns, seed);
          const sampler = createSampler(train, { ...options, rows, maskPositives }, seed, weights);
          const plain = epochOf(createSampler(train, { ...options, rows, maskPositives }, seed), epoch);
          epochOf(sampler, epoch).forEach((batch, step) => {
            const { masked: _masked, maskOffsets: _offsets, maskWeights, ...rest } = batch;
            expect(plain[step]).toMatchObject(rest);
            expect(plain[step]!.maskWeights).toBeUndefined();
            expect(batch.masked.length).toBe(batch.maskOffsets[batch.users.length]);
            expect(maskWeights!.length).toBe(batch.masked.length);
            expect(batch.masked.length).toBeLessThanOrEqual(sampler.capacity.masked);
            for (let r = 0; r < batch.users.length; r++) {
              const user = batch.users[r]!;
              const { items, masked } = rowNegatives(batch, r);
              const first = batch.maskOffsets[r]!;
              expect(masked.size).toBe(batch.maskOffsets[r + 1]! - first);
              const got = Float32Array.from(items, () => 1);
              [...masked].forEach((position, e) => {
                got[position] = maskWeights![first + e]!;
              });
              const expected = Float32Array.from(items, (item) => {
                const entry = user < weights.rows ? csrRow(weights, user).indexOf(item) : -1;
                if (entry >= 0) return weights.values![weights.offsets[user]! + entry]!;
                return maskPositives && csrHas(train, user, item) ? 0 : 1;
              });
              expect(got).toEqual(expected);
            }
          });
        }),
        runs,
      );
    });

    test('the same seed, epoch and step give the same batch, in any order; other epochs give others', () => {
      const train = smallTrain(40, 60, true, 5);
      const sampler = createSampler(train, { ...options, rows: 3 }, 7);
      const later = epochOf(sampler, 4);
      const first = epochOf(sampler, 0);
      const again = createSampler(train, { ...options, rows: 3 }, 7);
      expect(epochOf(again, 0)).toEqual(first);
      again.startEpoch(4);
      for (const step of [2, 0, 1]) expect(structuredClone(again.batch(step))).toEqual(later[step]);
      expect(later.map((b) => [...b.users])).not.toEqual(first.map((b) => [...b.users]));
      const other = epochOf(createSampler(train, { ...options, rows: 3 }, 8), 0);
      expect(other.map((b) => [...b.users])).not.toEqual(first.map((b) => [...b.users]));
    });

    test.each(['count', 'sqrt', 'one'] as const)(
      'row weights of an epoch follow ρ = %s and have mean 1/B',
      (rowWeight) => {
        fc.assert(
          fc.property(given, ({ train, rows, seed, epoch }) => {
            const sampler = createSampler(train, { ...options, rows, rowWeight }, seed);
            const ofUser = new Float64Array(train.rows);
            let total = 0;
            let count = 0;
            for (const batch of epochOf(sampler, epoch)) {
              batch.users.forEach((u, r) => {
                ofUser[u]! += batch.rowWeights[r]!;
                total += batch.rowWeights[r]!;
                count++;
              });
            }
            expect((total / count) * sampler.capacity.rows).toBeCloseTo(1, 5);
            const size = (u: number) => {
              const values = train.values?.subarray(train.offsets[u]!, train.offsets[u + 1]!);
              const sum = values ? values.reduce((a, b) => a + b, 0) : csrDegree(train, u);
              return csrDegree(train, u) === 0
                ? 0
                : rowWeight === 'count'
                  ? sum
                  : rowWeight === 'sqrt'
                    ? Math.sqrt(sum)
                    : 1;
            };
            const rho = Array.from(ofUser, (_, u) => size(u));
            const all = rho.reduce((a, b) => a + b, 0);
            rho.forEach((value, u) => {
              expect(ofUser[u]! / total).toBeCloseTo(value / all, 5);
            });
          }),
          runs,
        );
      },
    );
  });
}
