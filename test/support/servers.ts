import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';

/** A server of a test's own on 127.0.0.1, its files in a temporary folder. */
interface TestServer {
  readonly port: number;
  /** Ends it and removes its files. */
  stop(): Promise<void>;
}

export interface PostgresServer extends TestServer {
  /** Of the superuser `postgres`. */
  readonly password: string;
  /** The URL of a database, for the superuser or another user. */
  url(database?: string, user?: string, password?: string): string;
  /** Runs statements as the superuser. */
  sql(text: string, database?: string): Promise<pg.QueryResult>;
  /** Makes an empty database. */
  createDatabase(name: string): Promise<string>;
  /** SIGKILL, as when power fails; `start` brings it back. */
  kill(): Promise<void>;
  start(): Promise<void>;
}

/** Why tests that need PostgreSQL are skipped; undefined when they are not. */
export const postgresMissing = missingPostgres();
/** Why tests that need Redis are skipped; undefined when they are not. */
export const redisMissing = onPath('redis-server') ? undefined : 'no program redis-server is installed';

/** A name for `describe.skipIf(reason)`, which says why it is skipped. */
export function withReason(name: string, reason: string | undefined): string {
  return reason === undefined ? name : `${name} (skipped: ${reason})`;
}

/** A PostgreSQL of one's own. `fsync` as in production costs time and is off by default: then a kill of the server itself may lose data. */
export async function startPostgres({ fsync = false } = {}): Promise<PostgresServer> {
  const { programs, run, user } = postgresHome();
  const folder = mkdtempSync(join(tmpdir(), 'taurec-postgres-'));
  const [data, passwordFile] = [join(folder, 'data'), join(folder, 'password')];
  const password = 'p@ss:w/rd #1%';
  mkdirSync(data, { mode: 0o700 });
  writeFileSync(passwordFile, password);
  if (user) for (const path of [folder, data, passwordFile]) chownSync(path, user.uid, user.gid);
  const initialise = ['-D', data, '-U', 'postgres', '--auth=scram-sha-256', `--pwfile=${passwordFile}`];
  const [initdb, ...rest] = run(join(programs, 'initdb'), ...initialise, '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync');
  await promisify(execFile)(initdb!, rest, { cwd: folder });
  const port = await freePort();
  const settings = [`fsync=${fsync ? 'on' : 'off'}`, 'listen_addresses=127.0.0.1', `unix_socket_directories=${folder}`];
  let child: ChildProcess | undefined;
  const url = (database = 'postgres', name = 'postgres', secret = password) =>
    `postgres://${encodeURIComponent(name)}:${encodeURIComponent(secret)}@127.0.0.1:${port}/${database}`;
  const sql = async (text: string, database?: string) => {
    const client = new pg.Client({ connectionString: url(database) });
    await client.connect();
    return client.query(text).finally(() => client.end());
  };
  const end = async (signal: NodeJS.Signals) => {
    const ending = child;
    child = undefined;
    if (!ending || ending.exitCode !== null || ending.signalCode !== null) return;
    ending.kill(signal);
    await once(ending, 'exit');
  };
  const start = async () => {
    const flags = settings.flatMap((setting) => ['-c', setting]);
    for (let attempt = 1; ; attempt++) {
      child = launch(run(join(programs, 'postgres'), '-D', data, '-p', String(port), ...flags), folder);
      try {
        await answered(child, () => sql('SELECT 1'));
        return;
      } catch (error) {
        // The processes of a killed server live until they notice, and hold its memory.
        if (attempt === 100 || !/still in use/.test((error as Error).message)) throw error;
        await pause(50);
      }
    }
  };
  await start();
  return {
    port,
    password,
    url,
    sql,
    start,
    async createDatabase(name) {
      await sql(`CREATE DATABASE "${name}"`);
      return url(name);
    },
    kill: () => end('SIGKILL'),
    async stop() {
      await end('SIGINT');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export interface RedisServer extends TestServer {
  readonly url: string;
}

/** A Redis of one's own that keeps nothing on disk. */
export async function startRedis(): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), 'taurec-redis-'));
  const port = await freePort();
  const child = launch(
    ['redis-server', '--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder],
    folder,
  );
  await answered(child, () => ping(port));
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    async stop() {
      child.kill('SIGTERM');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Debian keeps PostgreSQL's programs by version and off the path; it refuses to run as root. */
function postgresHome(): {
  programs: string;
  run: (...command: string[]) => string[];
  user?: { uid: number; gid: number };
} {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const programs = [
    ...versions.map((version) => join(debian, version, 'bin')),
    ...(process.env.PATH ?? '').split(delimiter),
  ].find((path) => existsSync(join(path, 'initdb')) && existsSync(join(path, 'postgres')));
  if (programs === undefined) throw new Error('no PostgreSQL server is installed');
  if (process.getuid?.() !== 0) return { programs, run: (...command) => command };
  const user = ['postgres', 'nobody'].map(account).find((found) => found !== undefined);
  if (!user) throw new Error('PostgreSQL does not run as root, and there is no user postgres or nobody');
  if (!onPath('setpriv'))
    throw new Error('PostgreSQL does not run as root, and there is no program setpriv to leave it');
  const leave = ['setpriv', `--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups', '--'];
  return { programs, run: (...command) => [...leave, ...command], user };
}

function missingPostgres(): string | undefined {
  try {
    postgresHome();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function account(name: string): { uid: number; gid: number } | undefined {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${name}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  return line === undefined ? undefined : { uid: Number(uid), gid: Number(gid) };
}

function onPath(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)));
}

function launch([program, ...args]: string[], folder: string): ChildProcess & { log(): string } {
  const child = spawn(program!, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece) => (text = (text + piece).slice(-4000)));
  // A test process that ends early leaves no server behind.
  const end = () => void child.kill('SIGKILL');
  process.once('exit', end);
  child.once('exit', () => process.off('exit', end));
  return Object.assign(child, { log: () => text });
}

/** Waits until a server answers; fails when it ends first. */
async function answered(child: ChildProcess & { log?(): string }, ask: () => Promise<unknown>): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    if (child.exitCode !== null || child.signalCode !== null || attempt === 600) {
      child.kill('SIGKILL');
      throw new Error(`The server did not come up:\n${child.log?.()}`);
    }
    if (
      await ask().then(
        () => true,
        () => false,
      )
    )
      return;
    await pause(50);
  }
}

async function ping(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    socket.write('PING\r\n');
    const [answer] = await once(socket, 'data');
    if (!String(answer).startsWith('+PONG')) throw new Error(String(answer));
  } finally {
    socket.destroy();
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
