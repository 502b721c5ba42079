import { expect, test } from 'vitest';
import { openModel } from '../../src/browser/open-model.ts';
import { nodeHost } from '../../src/studio/node/node-host.ts';
import { ServedModels } from '../../src/studio/workbench/served-models.ts';
import { Workbench } from '../../src/studio/workbench/workbench.ts';
import { stateOf, toyRequest } from './session-contract.ts';

test('more models than stay open can be asked at the same time', async () => {
  const session = new Workbench(nodeHost());
  await session.load(toyRequest);
  const { id } = await session.start({ loss: 'sl', dimension: 4, epochs: 1, build: 'simd' });
  await stateOf(session, id, 'done');
  const model = await openModel(await session.archive(id));
  const served = new ServedModels();
  const keys = Array.from({ length: 12 }, (_, at) => `run-${at % 6}`);
  const lists = await Promise.all(keys.map((key) => served.ask(key, model, undefined, (one) => one.recommend('Ada'))));
  for (const list of lists) expect(list).toEqual(lists[0]);
  await served.closeAll();
  await session.close();
});
