import { once } from 'node:events';
import { type Command, Option } from 'commander';
import { exportSite } from '../studio/server/export-site.ts';
import { serveStudio } from '../studio/server/serve-studio.ts';
import { type StudioOptions, studioOptions } from '../studio/server/studio-options.ts';
import { addCommonOptions, addExamples, type CommonOptions, engineOptions } from './common-options.ts';
import { addDeclaredFlags } from './declared-flags.ts';
import type { Terminal } from './terminal.ts';

interface StudioFlags extends Omit<StudioOptions, 'threads'>, Pick<CommonOptions, 'threads' | 'json' | 'quiet'> {
  export?: string;
}

export function define(command: Command, terminal: Terminal): void {
  command.argument('[folder]', 'folder with data files and models; what it makes goes there too', '.');
  const alone = ['host', 'port', 'allowedHosts', 'uploadLimit'];
  command.addOption(
    new Option('--export <site>', 'write the studio as a folder for any static host, and end').conflicts(alone),
  );
  addDeclaredFlags(command, studioOptions);
  addCommonOptions(command, 'threads', 'json', 'quiet');
  addExamples(command, 'taurec studio', 'taurec studio shop --port 9000', 'taurec studio --export site');
  command.action((folder: string, flags: StudioFlags) => run(terminal, folder, flags));
}

async function run(terminal: Terminal, path: string, flags: StudioFlags): Promise<void> {
  const { export: site, json, quiet, threads: _, ...options } = flags;
  if (site !== undefined) {
    const written = await exportSite(site);
    if (json) terminal.printJson(written);
    else terminal.print(`Wrote the studio to ${site}: ${written.files} files. Any static host serves it.`);
    return;
  }
  const { threads } = engineOptions(flags);
  const studio = await serveStudio(path, { ...options, ...(threads !== undefined && { threads }) });
  const { url, token, folder } = studio;
  // In the fragment, which browsers send to no server.
  const address = `${url}#token=${token}`;
  if (json) terminal.printJson({ url, address, folder, pid: process.pid });
  else {
    terminal.print(address);
    terminal.notes(quiet)(
      `Open this address in a browser: it is the studio of ${folder}, for you alone. Ctrl-C stops.`,
    );
  }
  // Runs until the signal; `once` would wait for ever on a signal that has already fired.
  await terminal.interruptible(async (signal) => {
    if (!signal.aborted) await once(signal, 'abort');
  });
  await studio.close();
}
