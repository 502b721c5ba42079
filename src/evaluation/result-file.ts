import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import * as z from 'zod';
import { TaurecError } from '../errors.ts';
import { type Evaluation, protocols } from './evaluator.ts';

/** Value of the field `format`, and the version that this taurec writes. */
const formatName = 'taurec-result';
const formatVersion = 1;

/** The content of a result file. Unknown fields are dropped. */
const resultSchema = z
  .object({
    format: z.literal(formatName),
    version: z.literal(formatVersion),
    protocol: z.enum(protocols),
    /** The data set of the evaluation: its SHA-256 in hexadecimal, and its origin. */
    data: z.object({
      sha256: z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 hexadecimal digits'),
      source: z.string().optional(),
    }),
    /** Number of users by which sums of accuracy metrics are divided. */
    users: z.int().min(1),
    /** Number of ranked users. */
    ranked: z.int().min(1),
    metrics: z.record(z.string(), z.number()),
    groups: z
      .object({
        by: z.enum(['interactions', 'items']),
        items: z.array(z.int()),
        interactions: z.array(z.number()),
        contributions: z.record(z.string(), z.array(z.number())),
        spread: z.record(z.string(), z.number()),
      })
      .optional(),
    /** User ids, and one column per metric in the order of the ids. */
    perUser: z.object({ users: z.array(z.string()), columns: z.record(z.string(), z.array(z.number())) }).optional(),
    /** How the result was made: config, seed, versions, engine and build. */
    run: z.record(z.string(), z.unknown()).optional(),
  })
  // Users must be distinct, and every column must have one value per user.
  .superRefine(({ perUser }, context) => {
    if (!perUser) return;
    const { users, columns } = perUser;
    const distinct = new Set(users).size;
    if (distinct < users.length) {
      context.addIssue({
        code: 'custom',
        path: ['perUser', 'users'],
        message: `${users.length - distinct} ids occur twice, expected distinct ids`,
      });
    }
    for (const [name, column] of Object.entries(columns)) {
      if (column.length === users.length) continue;
      const message = `has ${column.length} values, expected ${users.length}, one for each user`;
      context.addIssue({ code: 'custom', path: ['perUser', 'columns', name], message });
    }
  });

/** An evaluation in a file (JSON, format `taurec-result`), so that runs can be compared without their models. */
export type ResultFile = z.infer<typeof resultSchema>;

/** The origin of a result. */
export interface ResultOrigin {
  readonly data: { readonly sha256: string; readonly source?: string };
  /** Maps user indices to ids, such as an `IdMap`. */
  readonly users: {
    /** The id of the user at an index. */
    idOf(index: number): string;
  };
  /** Config, seed, versions, engine and build. */
  readonly run?: Record<string, unknown>;
}

/** Converts an evaluation to a result file; user indices become ids. */
export function resultOf(evaluation: Evaluation, { data, users, run }: ResultOrigin): ResultFile {
  const { protocol, metrics, groups, perUser } = evaluation;
  const plain: Omit<ResultFile, 'perUser'> = {
    format: formatName,
    version: formatVersion,
    protocol,
    data: { sha256: data.sha256, ...(data.source !== undefined && { source: data.source }) },
    users: evaluation.users,
    ranked: evaluation.ranked,
    metrics: { ...metrics },
    ...(groups && { groups: structuredClone(groups) as NonNullable<ResultFile['groups']> }),
    ...(run && { run }),
  };
  if (!perUser) return plain;
  const columns = Object.fromEntries(
    Object.entries(perUser.columns).map(([name, values]) => [name, Array.from(values)]),
  );
  return { ...plain, perUser: { users: Array.from(perUser.users, (user) => users.idOf(user)), columns } };
}

/**
 * Writes a result file atomically: to a temporary name, which is then renamed, so `path` never has partial content.
 * @throws TaurecError `bad-result` for an invalid result, before anything is written
 */
export function writeResult(path: string, result: ResultFile): void {
  const text = `${JSON.stringify(validated(path, result))}\n`;
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, text);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/**
 * Reads a result file.
 * @throws TaurecError `file-not-found`; `bad-result` when the file is not JSON, not a taurec result, of a newer version, or damaged (the error names the field)
 */
export function readResult(path: string): ResultFile {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw new TaurecError('file-not-found', { file: path }, { cause: error });
    throw new TaurecError(
      'bad-result',
      { path, problem: `cannot be read: ${(error as Error).message}` },
      { cause: error },
    );
  }
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw new TaurecError('bad-result', { path, problem: `not JSON: ${(error as Error).message}` }, { cause: error });
  }
  return validated(path, content);
}

/** The content, if it is a valid result. Format and version are checked first, for clearer errors than the schema gives. */
function validated(path: string, content: unknown): ResultFile {
  const head = (content ?? {}) as { format?: unknown; version?: unknown };
  if (head.format !== formatName) {
    throw new TaurecError('bad-result', {
      path,
      problem: `field format: got ${JSON.stringify(head.format)}, expected "${formatName}"`,
    });
  }
  if (typeof head.version === 'number' && head.version > formatVersion) {
    const problem = `written by a newer taurec: got version ${head.version}, expected at most ${formatVersion}`;
    throw new TaurecError('bad-result', { path, problem });
  }
  const parsed = resultSchema.safeParse(content);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw new TaurecError('bad-result', { path, problem: `field ${issue.path.join('.') || '(root)'}: ${issue.message}` });
}
