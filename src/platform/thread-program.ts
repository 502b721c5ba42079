/**
 * Returns the URL of a thread's program. dist/programs/ holds each program as a bundle, which starts in a third of the processor time of its modules.
 * @param program the file in dist/ without its ending: `engine/wasm/crew-worker`
 * @param options the options that the thread is started with. If they name a module, the thread runs the plain program: the module imports taurec's classes, and a bundle holds copies of them.
 */
export function threadProgram(program: string, options?: unknown): URL {
  const file = namesModule(options) ? `../${program}.js` : `../programs/${program.split('/').at(-1)}.js`;
  return new URL(file, import.meta.url);
}

/** Whether a loss, a backbone or another part of the options is given by module. */
function namesModule(options: unknown): boolean {
  if (typeof options !== 'object' || options === null) return false;
  return 'module' in options || Object.values(options).some(namesModule);
}
