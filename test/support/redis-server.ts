import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

export interface RunningServer {
  readonly url: string;
  stop(): Promise<void>;
}

const has = (program: string) => spawnSync(program, ['--version']).status === 0;

/** Whether the programs are installed. */
export const redisInstalled = has('redis-server');
export const postgresInstalled = has('postgres') && has('initdb');

/** A redis-server of this test alone, on a free port of the loopback interface, that keeps nothing. */
export async function startRedis(): Promise<RunningServer> {
  const folder = mkdtempSync(join(tmpdir(), 'taurec-redis-'));
  const port = await freePort();
  const flags = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder];
  return running(
    'redis-server',
    [...flags, '--maxmemory-policy', 'noeviction'],
    port,
    folder,
    `redis://127.0.0.1:${port}`,
  );
}

/** A PostgreSQL of this test alone, likewise. */
export async function startPostgres(): Promise<RunningServer> {
  const folder = mkdtempSync(join(tmpdir(), 'taurec-postgres-'));
  const port = await freePort();
  const asRoot = userInfo().uid === 0;
  const as = (program: string, args: string[]): [string, string[]] =>
    asRoot ? ['setpriv', ['--reuid=nobody', '--clear-groups', program, ...args]] : [program, args];
  const data = join(folder, 'data');
  if (asRoot) execFileSync('chown', ['nobody', folder]);
  execFileSync(...as('initdb', ['-D', data, '-U', 'taurec', '-A', 'trust', '--no-sync']), { stdio: 'pipe' });
  const flags = ['-D', data, '-p', `${port}`, '-h', '127.0.0.1', '-k', '', '-c', 'fsync=off'];
  const [program, args] = as('postgres', flags);
  return running(program, args, port, folder, `postgres://taurec@127.0.0.1:${port}/postgres`);
}

async function running(
  program: string,
  args: string[],
  port: number,
  folder: string,
  url: string,
): Promise<RunningServer> {
  const child = spawn(program, args, { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  while (!(await answers(port)) || (program !== 'redis-server' && !accepts(port))) {
    if (child.exitCode !== null) throw new Error(`${program} ended with code ${child.exitCode}.`);
    await new Promise((wake) => setTimeout(wake, 50));
  }
  return {
    url,
    async stop() {
      child.kill('SIGINT');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** PostgreSQL listens before it lets anybody in. */
function accepts(port: number): boolean {
  return spawnSync('pg_isready', ['-h', '127.0.0.1', '-p', `${port}`]).status === 0;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
