import { lossNames } from '../../src/loss/losses.ts';
import { learnsWithLoss } from '../contracts/checkerboard.ts';

// Every loss on plain embeddings, on the engine that people use; checkerboard.slow.test.ts has the rest of the product.
for (const loss of lossNames) learnsWithLoss('wasm', loss);
