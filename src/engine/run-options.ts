import { oneOf, option, whole } from '../option.ts';
import { buildNames, engineNames } from './check-plan.ts';

/** Options of every run, whatever it computes: its seed, and the engine with its threads. */
export const runShape = {
  /** Seed of all random draws. */
  seed: option(whole(Number.MIN_SAFE_INTEGER).default(1), {
    flag: '--seed <number>',
    help: 'random seed',
    shared: true,
    fixed: true,
    compared: true,
  }),
  /** Absent: the engine's choice. */
  threads: option(whole(1).optional(), {
    flag: '--threads <number>',
    help: 'number of threads (default: all cores, at most 16)',
    shared: true,
    fixed: true,
  }),
  /** The WebAssembly engine, or the slow reference. */
  engine: option(oneOf(engineNames).default('auto'), {
    flag: '--engine <name>',
    help: 'compute engine',
    shared: true,
    fixed: true,
  }),
  /** Arithmetic of the wasm engine: fused multiply-add where the machine has it (auto), or one of the two, for results that repeat on any machine. */
  build: option(oneOf(buildNames).default('auto'), {
    group: 'Engine:',
    flag: '--build <name>',
    help: 'arithmetic of the wasm engine',
    fixed: true,
  }),
};
