import { infinityAsText } from '../../../array/infinity-as-text.ts';
import type { DatasetOptions } from '../../../data/dataset-options.ts';
import { shellWord } from '../../../platform/shell-word.ts';
import { commandLineOf } from '../../../training/command-line.ts';
import { parseTrainConfig, type TrainConfigInput } from '../../../training/config.ts';
import { dataArguments } from '../../../training/data-arguments.ts';
import { namesObjective } from '../../../training/default-objective.ts';
import type { DataRequest, RunInfo, Source } from '../../session.ts';
import { fileName } from '../parts/download.ts';

/** A run as texts need it: its data by names of files, its configuration with the build of its kernels, and a folder for the model. */
export interface Reproduction {
  readonly data: DatasetOptions;
  readonly config: TrainConfigInput;
  readonly folder: string;
}

/** The file of a model whose data are not known here. */
const unknownFile = 'interactions.csv';

/** What repeats a run elsewhere. */
export function reproductionOf(run: RunInfo, sources: readonly Source[]): Reproduction {
  const request: DataRequest = run.request ?? { train: unknownFile };
  const named = Object.fromEntries(
    (['train', 'valid', 'test', 'titles', 'catalogue'] as const).flatMap((use) => {
      const id = request[use];
      return id === undefined ? [] : [[use, sourceFile(id, sources)]];
    }),
  );
  const { aim } = parseTrainConfig(run.config);
  const splits = request.split !== undefined || (request.validRatio ?? 0) > 0;
  // Stated, because the command line would take the seed of the training, and the split that its aim asks for.
  const stated = {
    ...(splits && { seed: request.seed ?? 0 }),
    ...((request.validRatio ?? 0) > 0 &&
      aim !== 'accuracy' && { validSplit: request.validSplit ?? request.split ?? 'random' }),
  };
  // A run of the studio has the declared objective where none is named, `taurec train` one by the data.
  const { threads: _, ...config } = namesObjective(run.config) ? run.config : { ...run.config, loss: declaredLoss() };
  return {
    data: { ...request, ...named, ...stated } as DatasetOptions,
    config: withEngine(config, run.engine),
    folder: `models/${fileName(run.name)}`,
  };
}

const declaredLoss = () => parseTrainConfig({}).loss;

/** The run as a command for a shell. */
export function commandText({ data, config, folder }: Reproduction): string {
  const { train, ...options } = data;
  const files = [train].flat().map((file) => (file.startsWith('-') ? `./${file}` : file));
  const words = ['taurec', 'train', ...files, ...dataArguments(options), ...commandLineOf(config), '--out', folder];
  return words.map(shellWord).join(' ');
}

/** The run as a configuration file: `taurec train --config` takes it. */
export function configText({ data, config, folder }: Reproduction): string {
  return `${JSON.stringify({ data, ...config, out: folder }, infinityAsText, 2)}\n`;
}

/** The run as a program. */
export function programText({ data, config, folder }: Reproduction): string {
  return `import { loadDataset, train } from 'taurec';

const data = await loadDataset(${literal(data)});
const model = await train(data, ${literal(config)});
await model.save(${JSON.stringify(folder)});
`;
}

/** The name of a source's file; a sample's is that which the studio gives it. */
function sourceFile(id: string, sources: readonly Source[]): string {
  const source = sources.find((one) => one.id === id);
  if (source?.kind === 'file') return source.name;
  return id.startsWith('sample:') ? `${id.slice('sample:'.length).replaceAll(':', '-')}.csv` : id;
}

/** The configuration with the arithmetic of a run's engine: another one gives other last digits. */
function withEngine(config: TrainConfigInput, engine: RunInfo['engine']): TrainConfigInput {
  if (engine?.name !== 'wasm') return config;
  return { ...config, build: engine.build as TrainConfigInput['build'] };
}

/** A value as JavaScript writes it: JSON with plain keys. */
function literal(value: object): string {
  return JSON.stringify(value, infinityAsText, 2).replaceAll(/^( *)"([A-Za-z_]\w*)":/gm, '$1$2:');
}
