import type { DatasetOptions } from '../data/dataset.ts';
import type { TrainConfigInput } from '../training/config.ts';
import type { TuneSettings } from './tune-settings.ts';

/** A configuration file of the command line: training options, the data, the model's folder, and the search of `taurec tune`. */
export type ConfigFile = TrainConfigInput & {
  /** The source of the interactions, and how they are read and split. */
  data?: Partial<DatasetOptions>;
  /** The model's folder. */
  out?: string;
  /** The search of `taurec tune`. */
  tune?: TuneSettings;
};

/** For configuration files: returns its argument, so that an editor knows the types and marks unknown options. */
export function defineConfig(config: ConfigFile): ConfigFile {
  return config;
}
