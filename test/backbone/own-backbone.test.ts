import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Backbone } from '../../src/backbone/backbone.ts';
import { createBackbone } from '../../src/backbone/backbones.ts';
import { loadBackbone } from '../../src/backbone/load-backbone.ts';
import { openReferenceEngine } from '../../src/engine/reference/reference-engine.ts';
import { openWasmEngine } from '../../src/engine/wasm/open-wasm-engine.ts';
import { configToJson, parseTrainConfig } from '../../src/training/config.ts';
import type { TrainEvent } from '../../src/training/events.ts';
import { trainEmbeddings } from '../../src/training/train-embeddings.ts';
import { backboneContract } from '../contracts/backbone-contract.ts';
import { compareTraining } from '../engine/differential.ts';
import { backbonePlan } from '../support/backbone-case.ts';
import { rejectionOf } from '../support/error-of.ts';
import { expectSameModel } from '../support/same-model.ts';
import { checkerboard, smallConfig } from '../support/training-case.ts';
import { OwnBackbone } from '../training/modules/own-backbone.mjs';

const module = fileURLToPath(new URL('../training/modules/own-backbone.mjs', import.meta.url));
const source = { module, export: 'OwnBackbone', options: { share: 0.3 } };
const board = checkerboard(24, 20);

backboneContract('one of one’s own, with a trained parameter', () => new OwnBackbone({ share: 0.3 }), {
  linear: false,
});

describe('a backbone of one’s own', () => {
  it('trains alike on both engines, its parameter and the moments included', async () => {
    const small = backbonePlan(new OwnBackbone({ share: 0.3 }), { users: 31, items: 47, optimizer: { l2: 0.2 } });
    const [actual, reference] = [await openWasmEngine(small.plan, 2), await openReferenceEngine(small.plan)];
    expect(Object.keys(actual.weights)).toEqual(['factor']);
    expect(Object.keys(actual.optimizerState).slice(-2)).toEqual(['weightM.factor', 'weightV.factor']);
    compareTraining(actual, reference, small);
    await actual.close();
  });

  it('is named by module, or given as an object, with the same result', async () => {
    const events: TrainEvent[] = [];
    const onProgress = (event: TrainEvent) => void events.push(event);
    const config = { ...smallConfig, engine: 'wasm', threads: 2 } as const;
    const byModule = await trainEmbeddings(board, { ...config, backbone: source }, { onProgress });
    expect(events.filter(({ type }) => type === 'notice')).toEqual([]);
    expect(byModule.engine.threads).toBe(2);
    const bare = await trainEmbeddings(board, { ...config, backbone: new OwnBackbone({ share: 0.3 }) }, { onProgress });
    expect(events).toContainEqual({ type: 'notice', message: expect.stringContaining('Backbone own is an object') });
    // the backbone runs in the caller's thread, its operations on all threads as ever
    expect(bare.engine.threads).toBe(2);
    expectSameModel(bare, byModule);
    const mf = await trainEmbeddings(board, config);
    expect(mf.users.data).not.toEqual(bare.users.data);
  });

  it('stands in the configuration as it was named', () => {
    const json = configToJson(parseTrainConfig({ backbone: source }));
    expect(json.backbone).toEqual(source);
    expect(configToJson(parseTrainConfig({ backbone: new OwnBackbone({ share: 0.3 }) })).backbone).toEqual({
      name: 'own',
      options: { share: 0.3 },
    });
    expect(configToJson(parseTrainConfig({ backbone: 'lightgcn' })).backbone).toEqual({
      name: 'lightgcn',
      options: {},
    });
  });

  it.each<[unknown, string]>([
    [{ module, export: 'Nothing' }, 'unknown-name'],
    [{ module: './no-such-module.mjs' }, 'backbone-module'],
    [{ name: 'gcn' }, 'unknown-name'],
    [{ name: 'mf', options: { layers: 2 } }, 'unknown-name'],
    [{ name: 'bad', forward() {} }, 'bad-option'],
  ])('%o is refused: %s', async (bad, code) => {
    expect((await rejectionOf(loadBackbone(bad as Backbone))).code).toBe(code);
  });

  it.each([[7], [{ layers: 3 }], [{ name: 'own', forward: 1, parameters: {} }]])('%o is no backbone option', (bad) => {
    expect(() => parseTrainConfig({ backbone: bad })).toThrow('Option backbone');
  });

  it('needs loading when it is a module', () => {
    expect(() => createBackbone(source)).toThrow('loadBackbone');
  });
});

describe('a trained model', () => {
  it('records the backbone with every option, and holds the final embeddings', async () => {
    const result = await trainEmbeddings(board, {
      ...smallConfig,
      backbone: { name: 'lightgcn', layers: 2 },
      dimension: 5,
    });
    expect(result.config.backbone).toEqual({ name: 'lightgcn', options: { layers: 2, gamma: 1 / 3 } });
    expect(result.users.columns).toBe(5);
    const again = await trainEmbeddings(board, configToJson(result.config));
    expectSameModel(again, result);
    const byDefault = await trainEmbeddings(board, { ...smallConfig, backbone: 'lightgcn', epochs: 1 });
    expect(byDefault.config.backbone).toEqual({ name: 'lightgcn', options: { layers: 2, gamma: 1 / 3 } });
  });
});
