/**
 * The rules for imports between the rooms of src/, as a dependency-cruiser configuration (`npm run layers`). See docs/architecture.md.
 * Type imports count: a room that needs another room's types depends on it.
 */
import { join } from 'node:path';

/** The rooms, from the bottom up. A room may import itself and the rooms listed above its own line; rooms on the same line may not import each other. */
const lines = [
  ['errors'],
  ['option'],
  ['platform'],
  ['array'],
  ['data', 'loss', 'neighbors', 'optimizer'],
  ['feedback', 'catalogue'],
  ['sampler', 'cold'],
  ['engine'],
  ['backbone'],
  ['evaluation', 'model'],
  ['recommender'],
  ['exchange', 'search', 'analytics'],
  ['training'],
  ['report'],
  ['experiment'],
  ['recipe'],
  ['queue'],
  ['tuning', 'lists'],
  ['index', 'extend', 'lab', 'browser'],
  ['server'],
  ['studio'],
  ['cli'],
];

/** The core's files that may use Node (files, workers, DuckDB), by room. Everything else in the core must also run in browsers. */
const nodeFiles = {
  platform:
    'atomic-file file-head folder-lock import-module installation-key regular-file replace-folder sha256 temporary-folder text-file text-stream thread-program write-fault writer',
  data:
    'formats/duckdb formats/encode-table formats/rejects-file formats/repair preview-table read read-catalogue read-titles ' +
    'database/database-file database/postgres database/read-database database/sqlite ' +
    'source/download source/expand-source source/with-sources',
  feedback: 'postgres-feedback sqlite-feedback sqlite-worker',
  engine: 'fused-multiply-add open-engine wasm/crew-worker wasm/open-wasm-engine',
  evaluation: 'result-file',
  model: 'current-version model-directory replace-catalogue versions reading-check reading-check-worker safetensors',
  recommender: 'index-file index-seal',
  exchange: 'export-embeddings import-embeddings read-text read-vectors write-arrays write-parquet',
  analytics: 'analytics attribution compare-variants event-store open-analytics rates replay',
  training: 'checkpoint thread/coordinator thread/coordinator-worker update/forget-user',
};
const nodePaths = Object.entries(nodeFiles).map(
  ([room, files]) => `^src/${room}/(${files.replaceAll(' ', '|')})\\.ts$`,
);
/** Packages that run only in Node. */
export const nodePackages =
  '@duckdb bullmq cli-table3 cli-truncate commander csv-stringify env-paths ioredis jiti libsql log-update pg pg-boss pg-copy-streams string-width usearch'.split(
    ' ',
  );

// the core: every room below `report`
const core = lines.flat();
core.splice(core.indexOf('report'));
/** @param {readonly string[]} rooms */
const inRooms = (rooms) => `^src/(${rooms.join('|')})(/|\\.ts$)`;

const arrows = lines.flatMap((line, height) =>
  line.map((room) => ({
    name: `${room}-imports`,
    comment: `${room} may import only itself and: ${lines.slice(0, height).flat().join(', ') || 'nothing'}.`,
    severity: /** @type {const} */ ('error'),
    from: { path: inRooms([room]) },
    to: { path: '^src/', pathNot: inRooms([room, ...lines.slice(0, height).flat()]) },
  })),
);

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...arrows,
    {
      name: 'unknown-room',
      comment: 'Add the new room of src/ to a line of scripts/layers.mjs.',
      severity: 'error',
      from: { path: '^src/', pathNot: inRooms(lines.flat()) },
      to: {},
    },
    {
      name: 'cycle',
      comment: 'Two files import each other: merge them, or move what both need to a third file.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'engine-known',
      comment:
        'Only the two files open-engine.ts (Node and browser) and the programs of engine threads may import an engine; everything else uses the contract in engine.ts.',
      severity: 'error',
      from: {
        path: '^src/',
        pathNot: '^src/(engine/(open-engine\\.ts$|reference/|wasm/)|browser/(open-engine|crew-worker)\\.ts$)',
      },
      to: { path: '^src/engine/(reference|wasm)/' },
    },
    {
      name: 'engines-apart',
      comment: 'Move code that two engines share to src/engine/.',
      severity: 'error',
      from: { path: '^src/engine/(reference|wasm)/' },
      to: { path: '^src/engine/(reference|wasm)/', pathNot: '^src/engine/$1/' },
    },
    {
      name: 'node-in-core',
      comment: 'The core also runs in browsers: use Node modules only in the files listed in scripts/layers.mjs.',
      severity: 'error',
      from: { path: inRooms(core), pathNot: nodePaths },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'node-package-in-core',
      comment: 'This package needs Node: use it only in the files listed in scripts/layers.mjs.',
      severity: 'error',
      from: { path: inRooms(core), pathNot: nodePaths },
      to: { path: `node_modules/(${nodePackages.join('|')})/` },
    },
    {
      name: 'unresolved',
      comment: 'The imported file does not exist.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    // resolves the names of package.json's "imports" to Node's files
    tsConfig: { fileName: join(import.meta.dirname, '../tsconfig.json') },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
