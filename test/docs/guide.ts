import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { program } from '../cli/taurec.ts';

const root = join(import.meta.dirname, '../..');

/** What one block of commands printed. */
export interface Ran {
  readonly block: string;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * A guide whose commands a shell runs as they stand, in a folder of its own.
 * Blocks with the language `sh` are commands; a block of code whose first line is `// NAME` is the file NAME. A block that is one command beginning with a word of
 * `lasting` is a server: it runs until the next one of the same beginning, or `stop`.
 */
export class Guide {
  readonly folder = mkdtempSync(join(tmpdir(), 'taurec-guide-'));
  readonly text: string;
  readonly #blocks: readonly string[];
  readonly #replaced: Readonly<Record<string, string>>;
  readonly #servers = new Map<string, ChildProcess>();
  readonly #lasting: Readonly<Record<string, string>>;

  /**
   * @param replaced texts of the guide by what stands in their place, such as a smaller shop; every one must occur
   * @param lasting commands that last, by the URL that answers with 200 once they run
   */
  constructor(name: string, replaced: Record<string, string>, lasting: Record<string, string> = {}) {
    this.text = readFileSync(join(root, 'docs/guides', name), 'utf8');
    const missing = Object.keys(replaced).find((text) => !this.text.includes(text));
    if (missing !== undefined) throw new Error(`${name} does not contain "${missing}"`);
    this.#replaced = replaced;
    this.#lasting = lasting;
    this.#blocks = [...this.text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block]) => block!.trim());
    for (const [, file, code] of this.text.matchAll(/^```\w+\n(?:\/\/|<!--) (\S+\.\w+)(?: -->)?\n([\s\S]*?)^```$/gm))
      this.#write(file!, this.adapt(code!));
    const modules = join(this.folder, 'node_modules');
    mkdirSync(join(modules, '.bin'), { recursive: true });
    symlinkSync(root, join(modules, 'taurec'));
    for (const library of ['express', 'react', 'react-dom', '.bin/esbuild'])
      symlinkSync(join(root, 'node_modules', library), join(modules, library));
    writeFileSync(join(modules, '.bin/taurec'), `#!/bin/sh\nexec "${process.execPath}" "${program}" "$@"\n`, {
      mode: 0o755,
    });
  }

  #write(name: string, text: string): void {
    const path = join(this.folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }

  /** A text of the guide with its replacements. */
  adapt(text: string): string {
    return Object.entries(this.#replaced).reduce((adapted, [from, to]) => adapted.replaceAll(from, to), text);
  }

  /** Runs all blocks in order. @throws an Error with the output of the first block that fails */
  async run(): Promise<Ran[]> {
    const ran: Ran[] = [];
    for (const block of this.#blocks) ran.push(await this.#runBlock(this.adapt(block)));
    return ran;
  }

  async #runBlock(block: string): Promise<Ran> {
    const start = Object.keys(this.#lasting).find((words) => block.startsWith(words));
    if (start === undefined) return { block, ...(await this.shell(block)) };
    await this.#end(start);
    const child = spawn('bash', ['-c', `exec ${block}`], { cwd: this.folder, env: this.#environment() });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.stdout.resume();
    this.#servers.set(start, child);
    const url = this.adapt(this.#lasting[start]!);
    const isReady = async () => (await fetch(url).catch(() => undefined))?.ok;
    while (!(await isReady())) {
      if (child.exitCode !== null) throw new Error(`${block}\n${stderr}`);
      await new Promise((settle) => setTimeout(settle, 50));
    }
    return { block, stdout: '', stderr };
  }

  /** Runs a text by the shell, in the folder. @throws an Error with its output if a command fails, or a server answers with a problem */
  async shell(text: string): Promise<{ stdout: string; stderr: string }> {
    const options = { cwd: this.folder, env: this.#environment() };
    const args = ['-e', '-u', '-o', 'pipefail', '-c', text];
    const ran = await promisify(execFile)('bash', args, options).catch(({ stdout, stderr }) => {
      throw new Error(`${text}\n${stdout}\n${stderr}`);
    });
    // curl succeeds whatever the status is.
    if (ran.stdout.includes('urn:taurec:problem')) throw new Error(`${text}\n${ran.stdout}`);
    return ran;
  }

  #environment(): NodeJS.ProcessEnv {
    const { TAUREC_DATA: _data, TAUREC_TOKEN: _token, npm_command: _npm, ...rest } = process.env;
    const path = [join(this.folder, 'node_modules/.bin'), join(process.execPath, '..'), rest.PATH].join(delimiter);
    return { ...rest, PATH: path };
  }

  async #end(start: string): Promise<void> {
    const child = this.#servers.get(start);
    this.#servers.delete(start);
    if (!child || child.exitCode !== null) return;
    child.kill('SIGTERM');
    await once(child, 'exit');
  }

  /** Ends the servers and removes the folder. */
  async stop(): Promise<void> {
    for (const start of [...this.#servers.keys()]) await this.#end(start);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A port that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** A guide about the made-up shop: a smaller shop, fewer epochs, and a server on a free port. @param more further texts of the guide by what stands in their place */
export async function shopGuide(
  name: string,
  more: (port: number) => Record<string, string>,
  lasting: Record<string, string> = {},
): Promise<{ guide: Guide; port: number }> {
  const port = await freePort();
  const replaced = {
    '--shop --out': '--shop --users 400 --items 120 --out',
    '--epochs 20': '--epochs 4 --dimension 16',
    ':8080': `:${port}`,
  };
  const guide = new Guide(
    name,
    { ...more(port), ...replaced },
    { 'taurec serve': 'http://127.0.0.1:8080/readyz', ...lasting },
  );
  return { guide, port };
}
