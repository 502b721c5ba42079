/** The built page of the studio in Chromium, for the programs that look at it: pictures and benchmarks. */
import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { serve } from '@hono/node-server';
import { serveStatic } from '@hono/node-server/serve-static';
import { Hono } from 'hono';
import { chromium } from 'playwright-core';

/** The static site, as `npm run build` makes it. */
export const site = join(import.meta.dirname, '../dist/studio/site');

/**
 * Serves the static site on a free port of 127.0.0.1 with the headers that isolate a page, opens Chromium ($TAUREC_CHROMIUM, default /usr/bin/chromium), and calls `work`; ends both afterwards.
 * `asked` has the paths that browsers asked for. Without Chromium or without a build it says what to do, and ends the process with 2.
 * @param {(studio: { open(address: string, size?: { width: number; height: number }): Promise<import('playwright-core').Page>; browser: import('playwright-core').Browser; asked: ReadonlySet<string> }) => Promise<void>} work
 * @param {readonly string[]} flags of Chromium besides the usual ones
 */
export async function withStudio(work, flags = []) {
  const executablePath = process.env.TAUREC_CHROMIUM ?? '/usr/bin/chromium';
  if (!existsSync(executablePath))
    refuse(
      `No Chromium at ${executablePath}. Install it (Debian: apt-get install chromium), or name one by TAUREC_CHROMIUM.`,
    );
  if (!existsSync(join(site, 'index.html'))) refuse(`No page at ${site}. Build it: npm run build.`);
  const app = new Hono();
  const asked = new Set();
  app.use(async (context, next) => {
    asked.add(context.req.path);
    await next();
    context.header('Cross-Origin-Opener-Policy', 'same-origin');
    context.header('Cross-Origin-Embedder-Policy', 'require-corp');
  });
  // its root is relative to the working directory
  app.use(serveStatic({ root: relative(process.cwd(), site) }));
  const { server, port } = await new Promise((listening) => {
    const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, ({ port }) =>
      listening({ server, port }),
    );
  });
  const args = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', ...flags];
  const browser = await chromium.launch({ executablePath, args });
  try {
    await work({
      browser,
      asked,
      async open(address, viewport = { width: 1280, height: 800 }) {
        const context = await browser.newContext({ viewport, colorScheme: 'light', reducedMotion: 'reduce' });
        const page = await context.newPage();
        await page.goto(`http://127.0.0.1:${port}/${address}`);
        await page.locator('main h1').waitFor();
        return page;
      },
    });
  } finally {
    await browser.close();
    server.close();
  }
}

/** @param {string} text @returns {never} */
function refuse(text) {
  console.error(text);
  process.exit(2);
}
