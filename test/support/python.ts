import { execFileSync } from 'node:child_process';

/** Pythons to look for modules in; $TAUREC_TEST_PYTHON names one more, such as that of a virtual environment. */
const pythons = [process.env.TAUREC_TEST_PYTHON, 'python3', '/usr/bin/python3'].filter((name) => name !== undefined);
/** What was found: starting a Python that imports such modules takes most of a second. */
const found = new Map<string, string | undefined>();

/** A Python that has the modules, whatever folders the working folder holds; undefined when none has. */
export function pythonWith(...modules: string[]): string | undefined {
  const code = modules.map((name) => `import ${name}`).join('\n');
  if (!found.has(code)) found.set(code, pythons.find(runs));
  return found.get(code);

  function runs(python: string): boolean {
    try {
      execFileSync(python, ['-c', code], { stdio: 'ignore', cwd: import.meta.dirname });
      return true;
    } catch {
      return false;
    }
  }
}
