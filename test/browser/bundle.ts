import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, type Metafile } from 'esbuild';

/** Bundles for browsers as an application would, and says what went in. @param external imports to leave out; none by default */
export async function bundle(text: string, external: string[] = []): Promise<{ code: string; metafile: Metafile }> {
  const folder = mkdtempSync(join(tmpdir(), 'taurec-bundle-'));
  try {
    const built = await build({
      stdin: { contents: text, resolveDir: import.meta.dirname },
      bundle: true,
      external,
      format: 'esm',
      platform: 'browser',
      minify: true,
      metafile: true,
      write: false,
      outfile: join(folder, 'bundle.js'),
      logLevel: 'silent',
      // An application does not see taurec's own tsconfig.json, whose paths lead to Node's files.
      tsconfigRaw: '{}',
    });
    return { code: built.outputFiles[0]!.text, metafile: built.metafile };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
