import { experimentsOf } from './short-experiments.ts';

// Together with experiment.test.ts: every experiment.
experimentsOf('slow');
