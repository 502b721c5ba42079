import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { TaurecError } from '../errors.ts';
import { type Evaluation, protocols } from './evaluator.ts';

const formatName = 'taurec-result';
const formatVersion = 1;

const resultSchema = z
  .object({
    format: z.literal(formatName),
    version: z.literal(formatVersion),
    protocol: z.enum(protocols),
    /** The data set that was evaluated on: SHA-256 in hexadecimal, and where it came from. */
    data: z.object({
      sha256: z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 hexadecimal digits'),
      source: z.string().optional(),
    }),
    /** The users that the accuracy metrics are divided by. */
    users: z.int().min(1),
    /** The users that were ranked. */
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
    /** User ids, and one column per metric in their order. */
    perUser: z.object({ users: z.array(z.string()), columns: z.record(z.string(), z.array(z.number())) }).optional(),
    /** What made the result: config, seed, versions, engine and build. */
    run: z.record(z.string(), z.unknown()).optional(),
  })
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

/** An evaluation as it is kept in a file (JSON, format `taurec-result`), so that runs can be compared without their models. */
export type ResultFile = z.infer<typeof resultSchema>;

/** Where a result comes from. */
export interface ResultOrigin {
  readonly data: { readonly sha256: string; readonly source?: string };
  /** Names the users of per-user results; an `IdMap` does. */
  readonly users: {
    /** The id of the user at an index. */
    idOf(index: number): string;
  };
  /** Config, seed, versions, engine and build. */
  readonly run?: Record<string, unknown>;
}

/** An evaluation in the form of a result file: user indices become ids. */
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
 * Writes a result file: to a temporary name, then renamed, so that `path` never holds a part.
 * @throws bad-result when it is not a valid result; nothing is written then.
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
 * @throws file-not-found; bad-result when it is not JSON, not a taurec result, of a newer version, or damaged: names the field.
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
