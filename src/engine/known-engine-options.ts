import { TaurecError } from '../errors.ts';

/** @throws TaurecError `unknown-name` for an engine or build that is none of the known ones */
export function knownEngineOptions(options: { readonly engine?: string; readonly build?: string }): void {
  known('engine', options.engine, ['auto', 'wasm', 'reference']);
  known('build', options.build, ['auto', 'simd', 'simd-fma']);
}

function known(kind: string, got: string | undefined, names: readonly string[]): void {
  if (got !== undefined && !names.includes(got)) throw new TaurecError('unknown-name', { kind, got, known: names });
}
