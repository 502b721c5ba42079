import type { ServeOptions } from './serve-options.ts';
import { type RunningServer, startServer } from './start-server.ts';
import type { ServedModels } from './variants.ts';

export { type Scope, type ScopedToken, signUserToken } from './access.ts';
export type { LogLevel } from './log.ts';
export type { ModelStatus, ReloadReport } from './model-host.ts';
export type { ServeOptions } from './serve-options.ts';
export type { RunningServer } from './start-server.ts';
export type { ServedModels } from './variants.ts';

/**
 * Serves a model directory over HTTP; docs/serving.md describes the API. HTTP runs on the calling thread, scoring in a separate thread for each model. The promise resolves once the server
 * listens. The server then owns the feedback log: it closes the log on shutdown, and also when the start fails.
 *
 * @param models a model directory, or several by name, among which people are split: `{ a: 'models/a', b: 'models/b' }` (docs/variants.md)
 * @throws TaurecError the errors of `Recommender.open`; `bad-option`, `unknown-name`, `cannot-listen`, `feedback-failed`
 */
export function serve(models: ServedModels, options: ServeOptions = {}): Promise<RunningServer> {
  return startServer(models, options);
}
