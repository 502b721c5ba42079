import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { syntheticDataset } from 'taurec';
import { csrRow } from 'taurec/extend';
import { type ExperimentConfig, experimentNamed, runExperiment } from 'taurec/lab';
import config from './losses.experiment.ts';

/** What `taurec experiment losses --config losses.experiment.ts` does, as a program. Without the data sets it makes two up, and trains on them for a moment only. */
const folder = process.argv[2] ?? 'report';
const settings: ExperimentConfig = existsSync(`${process.env.TAUREC_DATA}/movielens-100k`)
  ? config
  : { ...config, data: [madeUp('films', 1), madeUp('books', 2)], seeds: [1, 2], config: { epochs: 5 } };

const { report, files } = await runExperiment(experimentNamed('losses'), settings, {
  folder,
  command: 'taurec experiment losses --config losses.experiment.ts --out report',
  onEvent(event) {
    if (event.type === 'run') console.error(`${event.title}: ${event.done} of ${event.runs}`);
  },
});
for (const { claim, verdict, evidence } of report.claims) console.log(`${verdict}: ${claim} (${evidence})`);
console.log(files.html);

function madeUp(name: string, seed: number): string {
  const { train, test } = syntheticDataset({ users: 100, items: 80, interactions: 2500, seed });
  const path = join(folder, 'data', name);
  mkdirSync(path, { recursive: true });
  for (const [part, matrix] of Object.entries({ train, test: test! })) {
    const lines = Array.from({ length: matrix.rows }, (_, user) =>
      [...csrRow(matrix, user)].map((i) => `${user},${i}\n`).join(''),
    );
    writeFileSync(join(path, `${part}.csv`), `user,item\n${lines.join('')}`);
  }
  return path;
}
