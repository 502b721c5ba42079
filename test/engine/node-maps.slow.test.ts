import { enableFusedMultiplyAdd } from '../../src/engine/wasm/open-wasm-engine.ts';
import { describeNodeOperations } from '../support/node-case.ts';
import { mapOperations, mapsCase } from './node-maps.ts';

enableFusedMultiplyAdd();

// Together with node-maps.test.ts: every width.
describeNodeOperations('maps of nodes', mapsCase, mapOperations, 1e-4, [1, 4, 63, 64]);
