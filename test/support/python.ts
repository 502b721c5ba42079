import { execFileSync } from 'node:child_process';

/** Pythons to look for modules in; $TAUREC_TEST_PYTHON names one more, such as that of a virtual environment. */
const pythons = [process.env.TAUREC_TEST_PYTHON, 'python3', '/usr/bin/python3'].filter((name) => name !== undefined);

/** A Python that has the modules; undefined when none has. */
export function pythonWith(...modules: string[]): string | undefined {
  return pythons.find((python) => {
    try {
      execFileSync(python, ['-c', modules.map((name) => `import ${name}`).join('\n')], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  });
}
