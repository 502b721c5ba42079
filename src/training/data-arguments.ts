import { type DatasetOptions, datasetOptions } from '../data/dataset-options.ts';
import { longFlag, negation } from './command-line.ts';

/** The command-line arguments that set these data options. The training file is left out, because it is the command's argument, and so are the options of titles, which have no flags. */
export function dataArguments(options: Partial<DatasetOptions>): string[] {
  return Object.entries(options).flatMap(([name, value]) => {
    const flag = datasetOptions.find(({ path }) => path === name)?.facts?.flag;
    if (flag === undefined || value === undefined) return [];
    const long = longFlag(flag);
    if (value === false) return [negation(flag)];
    if (!flag.includes('<')) return value === true ? [long] : [];
    if (name === 'kCore' && typeof value === 'object') {
      const { users, items } = value as Exclude<DatasetOptions['kCore'], number | undefined>;
      return [long, `${users},${items}`];
    }
    if (name === 'events') return [long, JSON.stringify(value)];
    if (name === 'eventWeights' && typeof value === 'object')
      return [
        long,
        Object.entries(value)
          .map(([kind, weight]) => `${kind}=${weight}`)
          .join(','),
      ];
    return [long, String(value)];
  });
}
