import { type Command, Option } from 'commander';
import { indexKinds, type OpenOptions } from '../recommender/open-options.ts';

export interface IndexFlags {
  index?: OpenOptions['index'];
  trustIndex?: boolean;
}

/** Adds the flags of the search method. */
export function indexFlags(command: Command): void {
  command
    .addOption(new Option('--index <kind>', 'search method (approximate needs taurec index)').choices(indexKinds))
    .option('--trust-index', 'open an approximate index that another installation built, without rebuilding it');
}
