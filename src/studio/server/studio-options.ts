import * as z from 'zod';
import { runShape } from '../../engine/run-options.ts';
import { TaurecError } from '../../errors.ts';
import { checkOptions, type DeclaredOption, declaredOptions, option, textWhere, whole } from '../../option.ts';
import { isHostName, isLoopback } from '../../server/access.ts';

/** The options of `taurec studio`, each declared once. */
export const studioShape = {
  /** Address to listen on: of this machine only, unless `allowedHosts` says by which names others will come. Default 127.0.0.1. */
  host: option(z.string({ error: 'an address' }).default('127.0.0.1'), {
    flag: '--host <address>',
    help: 'address to listen on; other than of this machine only with --allowed-hosts',
  }),
  /** Port to listen on, 0 to 65,535; 0 picks a free one. Default 8085. */
  port: option(whole(0, 65_535).default(8085), {
    flag: '-p, --port <number>',
    help: 'port to listen on; 0 picks a free one',
  }),
  /** Names of the server besides addresses and `localhost`, for a proxy or another machine in front of it. Default: none. */
  allowedHosts: option(z.array(textWhere('a name such as shop.example', isHostName)).readonly().default([]), {
    flag: '--allowed-hosts <name...>',
    help: 'host names accepted besides localhost',
  }),
  /** Most bytes of a file that a page sends, up to 1 TiB. Default 1 GiB. */
  uploadLimit: option(whole(1, 2 ** 40).default(2 ** 30), {
    flag: '--upload-limit <bytes>',
    help: 'most bytes of a file that the page sends',
  }),
  /** Threads of trainings. Default: all cores, at most 16. */
  threads: runShape.threads,
};

const schema = z.object(studioShape);
/** The options of `studioShape` with their paths. */
export const studioOptions: readonly DeclaredOption[] = declaredOptions(studioShape);
/** Options of `serveStudio`. */
export type StudioOptions = Readonly<z.input<typeof schema>>;

/** Checks the options and fills in their defaults. @throws TaurecError `bad-option` */
export function checkStudioOptions(options: StudioOptions): z.output<typeof schema> {
  const checked = checkOptions(schema, options);
  if (isLoopback(checked.host) || checked.allowedHosts.length > 0) return checked;
  const remedy =
    'From another machine, forward the port: ssh -L 8085:127.0.0.1:8085 THIS-MACHINE. To open it to a network all the same, name the hosts that people will type (--allowed-hosts); it speaks plain HTTP, so put TLS in front of it.';
  throw new TaurecError('bad-option', {
    option: 'host',
    got: checked.host,
    expected: 'an address of this machine: 127.0.0.1',
    remedy,
  });
}
