import { wasmAgainstReference } from './wasm-against-reference.ts';

// Together with wasm-engine.test.ts: every setting.
wasmAgainstReference('slow');
