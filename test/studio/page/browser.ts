import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect } from 'vitest';
import { chromiumFlags, chromiumPath } from '../../browser/chromium.ts';
import type { FakeSession } from './fake-session.ts';
import { serveSite } from './site.ts';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What a test changes about a page. */
export interface PageSetting {
  readonly width?: number;
  readonly theme?: 'light' | 'dark';
  /** Fields of the fake session. */
  readonly fake?: {
    fail?: string[];
    hold?: string[];
    epochMs?: number;
    kind?: 'page' | 'server';
    models?: string[];
    operate?: string;
    closed?: boolean;
  };
  /** The query besides the fake session's: `teach`. */
  readonly query?: string;
  readonly reducedMotion?: boolean;
}

/** A page of the studio and what it complained about in its console. */
export interface OpenPage {
  readonly page: Page;
  readonly complaints: string[];
}

/** Starts the site and a browser for the tests of a block. */
export function studioPages(host: { readonly isolated?: boolean; readonly folder?: string } = {}): {
  /** A page over the fake session, or with `real` the page as it ships. */
  open: (fragment: string, setting?: PageSetting, real?: boolean) => Promise<OpenPage>;
  url: () => string;
  /** Names of the site's files that pages have loaded, besides the first page. */
  asked: () => readonly string[];
} {
  let site: Awaited<ReturnType<typeof serveSite>>;
  let browser: Browser;
  beforeAll(async () => {
    site = await serveSite(host);
    browser = await chromium.launch({ executablePath: chromiumPath!, args: chromiumFlags });
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });
  return {
    url: () => site.url,
    asked: () => site.asked,
    open: async (fragment, { width = 1280, theme = 'light', fake, query = '', reducedMotion } = {}, real = false) => {
      const page = await browser.newPage({
        viewport: { width, height: 900 },
        colorScheme: theme,
        ...(reducedMotion && { reducedMotion: 'reduce' }),
      });
      const complaints: string[] = [];
      page.on('console', (message) => {
        if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
      });
      page.on('pageerror', (error) => complaints.push(String(error)));
      const search = new URLSearchParams(query);
      if (fake) search.set('fake', JSON.stringify(fake));
      await page.goto(`${site.url}${real ? '/' : '/fake'}?${search}${fragment}`);
      await page.locator('main h1').waitFor();
      return { page, complaints };
    },
  };
}

/** The rules of axe whose outcome depends on colours. */
const colourRules = ['color-contrast', 'link-in-text-block'];

/** The faults that axe finds on the page as it is, each with the element; by all rules unless some are named. */
export async function axeFaults(page: Page, rules?: readonly string[]): Promise<string[]> {
  await page.evaluate(axe);
  return page.evaluate(async (only) => {
    const { axe } = window as unknown as {
      axe: {
        run(options: {
          runOnly?: readonly string[];
        }): Promise<{ violations: { id: string; nodes: { html: string; failureSummary?: string }[] }[] }>;
      };
    };
    const { violations } = await axe.run(only ? { runOnly: only } : {});
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(
        ({ html, failureSummary = '' }) => `${id}: ${html.slice(0, 160)} ${failureSummary.replaceAll('\n', ' ')}`,
      ),
    );
  }, rules);
}

/** Insists that axe finds nothing on the page as it is, light and dark, and that nothing reaches beyond the window. */
export async function expectSound(page: Page, screen = 'the page'): Promise<void> {
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme });
    const rules = colorScheme === 'dark' ? colourRules : undefined;
    expect(await axeFaults(page, rules), `${screen}, ${colorScheme}`).toEqual([]);
  }
  expect(await overflowing(page), screen).toEqual([]);
}

/** Elements that reach beyond the window, and are not within an area that scrolls. */
export function overflowing(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    document.documentElement.scrollWidth <= innerWidth
      ? []
      : [...document.querySelectorAll('body *')]
          .filter((element) => element.getBoundingClientRect().right > innerWidth + 1)
          .map((element) => element.outerHTML.slice(0, 100)),
  );
}

/** What the fake session was asked: the arguments of every call of a name. */
export function callsOf(page: Page, name: string): Promise<unknown[][]> {
  return page.evaluate(
    (wanted) =>
      (window as unknown as { fake: FakeSession }).fake.calls.flatMap(([called, ...args]) =>
        called === wanted ? [args] : [],
      ),
    name,
  );
}

/** Changes what the fake session does from now on. */
export function setFake(page: Page, change: { fail?: string[]; hold?: string[] }): Promise<void> {
  return page.evaluate(({ fail, hold }) => {
    const { fake } = window as unknown as { fake: FakeSession };
    for (const [set, names] of [
      [fake.fail, fail],
      [fake.hold, hold],
    ] as const)
      if (names) {
        set.clear();
        for (const name of names) set.add(name);
      }
  }, change);
}
