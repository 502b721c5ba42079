import type { DatasetOptions } from '../data/dataset.ts';
import type { TrainConfigInput } from '../training/config.ts';
import type { TuneSettings } from './settings.ts';

/** What a configuration file of the command line holds: training options, and beside them the data, the model's folder and what `taurec tune` searches. */
export type ConfigFile = TrainConfigInput & {
  /** Where interactions come from, and how they are read and divided. */
  data?: Partial<DatasetOptions>;
  /** The folder that the model goes to. */
  out?: string;
  /** What is searched, and how. */
  tune?: TuneSettings;
};

/** For configuration files: gives back what it got, with types in the editor, where an unknown option shows. */
export function defineConfig(config: ConfigFile): ConfigFile {
  return config;
}
