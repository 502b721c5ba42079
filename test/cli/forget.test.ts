import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { openFeedback } from '../../src/feedback/open-feedback.ts';
import { openModel } from '../../src/model/model-directory.ts';
import { withoutUser } from '../../src/training/update/forget-user.ts';
import { folder, json, quick, writeData } from './taurec.ts';

writeData();

beforeAll(async () => {
  await json('train', 'train.csv', '--valid', 'valid.csv', ...quick, '--out', 'model');
});

describe('taurec forget', () => {
  test('no file of the model holds the user, the others keep theirs, and the model can be updated', async () => {
    const directory = join(folder, 'model');
    const before = await openModel(directory, { trainingState: true });
    const user = 'u3';
    const index = before.userIds.indexOf(user);
    const place = join(folder, 'feedback.db');
    const log = await openFeedback(place);
    await log.append([
      { user, item: 'i1', time: 1 },
      { user: 'u4', item: 'i1', time: 1 },
    ]);
    await log.close();
    writeFileSync(join(directory, 'checkpoint.safetensors'), 'half a training');
    writeFileSync(join(directory, 'test.csv'), 'user,item\nu3,i1\n"u3","a\nb"\nu4,i2\n');
    const answer = await json('forget', 'model', '--user', user, '--feedback', 'feedback.db');
    expect(answer).toMatchObject({ user, known: true, feedback: 1 });
    const after = await openModel(directory, { trainingState: true });
    expect(after.userIds.indexOf(user)).toBe(-1);
    expect(before.seen.indices.length - after.seen.indices.length).toBe(answer.interactions);
    expect(readFileSync(join(directory, 'test.csv'), 'utf8')).toBe('user,item\nu4,i2\n');
    expect(readdirSync(directory)).not.toContain('checkpoint.safetensors');
    // Every other row is where it was, or one higher, with its moments.
    const moved = (u: number) => (u < index ? u : u + 1);
    for (let u = 0; u < after.users.rows; u++) {
      expect(after.userIds.idOf(u)).toBe(before.userIds.idOf(moved(u)));
      const d = after.users.columns;
      const rowOf = (data: Float32Array, r: number) => data.slice(r * d, r * d + d);
      for (const name of ['optimizer.usersM', 'optimizer.usersV']) {
        expect(rowOf(after.trainingState!.arrays[name]!.data, u)).toEqual(
          rowOf(before.trainingState!.arrays[name]!.data, moved(u)),
        );
      }
    }
    const rest = await openFeedback(place);
    const left: string[] = [];
    for await (const events of rest.read()) left.push(...events.map((event) => event.user));
    await rest.close();
    expect(left).toEqual(['u4']);
    expect(await json('forget', 'model', '--user', user)).toMatchObject({ known: false, interactions: 0 });
    expect((await json('update', 'model', '--data', 'sqlite:feedback.db?table=feedback', '--dry-run')).updated).toBe(
      false,
    );
  });

  test('weights of the pairs stay with their pairs', async () => {
    const model = await openModel(join(folder, 'model'), { trainingState: true });
    const trained = model.seen.indices.length - (model.validation?.indices.length ?? 0);
    const interactionWeights = Float32Array.from({ length: trained }, (_, at) => at);
    const { trainingState } = withoutUser(
      { ...model, trainingState: { ...model.trainingState!, interactionWeights } },
      0,
    );
    const own = model.seen.offsets[1]! - (model.validation?.offsets[1] ?? 0);
    expect(trainingState!.interactionWeights).toEqual(interactionWeights.slice(own));
  });
});
