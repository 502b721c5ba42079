import { expect, it } from 'vitest';
import { row } from '../../src/array/matrix.ts';
import { openWasmEngine } from '../../src/engine/wasm/open-wasm-engine.ts';
import { fillEmbeddings, smallPlan } from '../support/small-plan.ts';

it('users beyond 2 GiB of their table train as the first ones do, to the bit', async () => {
  const small = smallPlan({ users: 90, items: 60, dimension: 64, optimizer: { name: 'sgd' }, sampler: { rows: 29 } });
  // a table of 3 GiB; only the rows that the batches name are touched
  const users = 12_000_000;
  const beyond = users - small.plan.users;
  const first = await openWasmEngine(small.plan, 1);
  const last = await openWasmEngine({ ...small.plan, users }, 2);
  try {
    fillEmbeddings(first);
    last.items.data.set(first.items.data);
    for (let u = 0; u < small.plan.users; u++) row(last.users, beyond + u).set(row(first.users, u));
    small.sampler.startEpoch(0);
    for (const engine of [first, last]) engine.startEpoch(0, 0);
    for (let step = 0; step < small.sampler.stepsPerEpoch; step++) {
      const batch = small.sampler.batch(step);
      const values = [first, last].map((engine) => {
        const own = engine === first ? batch : { ...batch, users: batch.users.map((user) => user + beyond) };
        engine.begin(own, step);
        engine.gather();
        const value = engine.scoreRows();
        engine.itemGradients();
        engine.update(0.05);
        return value;
      });
      expect(values[1]).toBe(values[0]);
    }
    for (let u = 0; u < small.plan.users; u++) expect(row(last.users, beyond + u)).toEqual(row(first.users, u));
    expect(last.items.data).toEqual(first.items.data);
  } finally {
    await Promise.all([first.close(), last.close()]);
  }
});
