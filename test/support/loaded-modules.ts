import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

/** Tells of every module on stderr: hooks run in a thread that has no other way out. */
const hooks = `
  import { writeSync } from 'node:fs';
  export async function load(url, context, next) {
    if (url.startsWith('file:')) writeSync(2, 'loaded ' + url + '\\n');
    return next(url, context);
  }`;

/**
 * Runs a program in a new process, with the package's folder as the current one, and lists the modules it loads on its main thread:
 * names of npm packages, and files of dist/ without their ending, both sorted.
 */
export function loadedBy(program: string): { packages: string[]; files: string[] } {
  const url = `data:text/javascript,${encodeURIComponent(hooks)}`;
  const text = `import { register } from 'node:module'; register(${JSON.stringify(url)}); ${program}`;
  const flags = ['--no-warnings', '--input-type=module', '-e', text];
  const { status, stderr } = spawnSync(process.execPath, flags, { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  const paths = [...stderr.matchAll(/^loaded (.*)$/gm)].map(([, path]) => decodeURI(path!));
  const own = new Set<string>();
  const packages = new Set<string>();
  for (const path of paths) {
    const found = /^.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path);
    if (found) packages.add(found[1]!);
    else own.add(path.replace(/^.*?\/dist\//, '').replace(/\.js$/, ''));
  }
  return { packages: [...packages].sort(), files: [...own].sort() };
}
