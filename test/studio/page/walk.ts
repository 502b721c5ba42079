import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';

/** A log of four tastes: people who share one like the same five items. Its columns have names that say nothing. */
export function tasteLog(people = 60): string {
  const rows = ['when,thing,kept,stars'];
  for (let person = 0; person < people; person++)
    for (let n = 0; n < 5; n++) {
      const thing =
        n === 4 ? `all-${person % 7}` : `taste${person % 4}-${(person + n * (person % 3 === 0 ? 5 : 1)) % 6}`;
      rows.push(`${1_700_000_000 + 3600 * person + n},${thing},u${person},${1 + ((person + n) % 5)}`);
    }
  return `${rows.join('\n')}\n`;
}

/** Drops a file onto the page, as from the desktop. */
export async function drop(page: Page, name: string, content: string | Buffer): Promise<void> {
  const base64 = Buffer.from(content).toString('base64');
  const transfer = await page.evaluateHandle(
    ([called, text]) => {
      const all = new DataTransfer();
      all.items.add(new File([Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))], called));
      return all;
    },
    [name, base64] as const,
  );
  await page.dispatchEvent('.drop', 'drop', { dataTransfer: transfer });
}

/** The answers that the page gets from its session from now on, by the names of calls: over ports, or over HTTP. */
export async function answersOf(page: Page): Promise<(call: string) => Promise<readonly unknown[]>> {
  await page.addInitScript(() => {
    const { fetch } = globalThis;
    globalThis.fetch = async (...args) => {
      const response = await fetch(...args);
      const call = /\/api\/calls\/(\w+)$/.exec(response.url)?.[1];
      if (call !== undefined) {
        void response
          .clone()
          .text()
          .then((text) => {
            for (const line of text.split('\n').filter(Boolean)) {
              const { result } = JSON.parse(line) as { result?: unknown };
              if (result !== undefined) answers.push([call, result]);
            }
          })
          // What the page stopped has no answer.
          .catch(() => {});
      }
      return response;
    };
    const names = new Map<number, string>();
    const answers: [string, unknown][] = [];
    Object.assign(globalThis, { answers });
    const { postMessage, addEventListener } = MessagePort.prototype;
    MessagePort.prototype.postMessage = function (message: { call?: number; name?: string }, ...rest: never[]) {
      if (message.call !== undefined && message.name) names.set(message.call, message.name);
      return postMessage.call(this, message, ...rest);
    };
    MessagePort.prototype.addEventListener = function (...args: never[]) {
      addEventListener.call(this, 'message', (event) => {
        const { result, value } = (event as MessageEvent).data as { result?: number; value?: unknown };
        if (result !== undefined) answers.push([names.get(result) ?? '', value]);
      });
      return (addEventListener as (...all: never[]) => void).apply(this, args);
    };
  });
  return async (call) => {
    const local = await page.evaluate(() => (globalThis as never as { answers: [string, unknown][] }).answers);
    return local.flatMap(([name, answer]) => (name === call ? [answer] : []));
  };
}

/** What a walk takes home. */
export interface Taken {
  /** The archive. */
  readonly zip: Uint8Array;
  /** The command that trains the same model. */
  readonly command: string;
  /** Figures of each part, in full. */
  readonly figures: Readonly<Record<'valid' | 'test', Readonly<Record<string, string>>>>;
  /** The person whose list was explored, and the item that was missed in it. */
  readonly person: string;
  readonly missed: string;
}

/** Goes to another room, and waits until it is there: rooms have fields of the same name. */
export async function room(page: Page, name: string): Promise<void> {
  await page.getByRole('navigation', { name: 'Rooms' }).getByRole('link', { name, exact: true }).click();
  await page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
}

/**
 * Walks from a file over all screens to the model's archive.
 * @param seen looks at each screen once it is done
 */
export async function walk(page: Page, seen: (screen: string) => Promise<void> = async () => {}): Promise<Taken> {
  await drop(page, 'log.csv', tasteLog());
  await page.getByRole('heading', { name: 'First rows' }).waitFor();
  await page.getByLabel('What kept holds').selectOption('User');
  await page.getByLabel('What thing holds').selectOption('Item');
  await page.getByLabel('What stars holds').selectOption('Rating');
  await page.locator('.left', { hasText: '300' }).waitFor();
  await page.getByLabel('Lowest rating').fill('2');
  await page.locator('.left', { hasText: '240' }).waitFor();
  await seen('data-choosing');
  await page.getByRole('button', { name: 'Load the data' }).click();
  await page.getByRole('heading', { name: 'The long tail' }).waitFor();
  await seen('data');
  await page.getByRole('link', { name: 'Train a model' }).click();
  await page.getByLabel('Epochs').fill('4');
  await page.getByLabel('Dimension').fill('8');
  await page.getByRole('button', { name: 'Train', exact: true }).click();
  await page.getByText('the finished model').waitFor();
  await page.getByRole('combobox', { name: 'Person', exact: true }).fill('u7');
  await page.getByRole('combobox', { name: 'Person', exact: true }).press('Enter');
  await page.getByRole('list', { name: 'List of u7', exact: true }).waitFor();
  await seen('train');
  await room(page, 'Explore');
  await page.getByRole('combobox', { name: 'Person' }).fill('u7');
  await page.getByRole('option', { name: /^u7/ }).first().click();
  const list = page.getByRole('list', { name: 'The list of u7', exact: true });
  await list.locator('summary').first().click();
  await list.getByRole('list', { name: 'Parts of the score' }).first().waitFor();
  const missed = 'all-0';
  await page.getByRole('combobox', { name: 'An item that you expected' }).fill(missed);
  await page.getByRole('option', { name: missed }).first().click();
  await page.getByRole('heading', { name: missed }).waitFor();
  await seen('explore');
  await room(page, 'Judge');
  const valid = await figuresOn(page);
  await seen('judge-validation');
  await page.getByRole('link', { name: 'Test part' }).click();
  await page.getByRole('button', { name: 'Open the test part' }).click();
  const test = await figuresOn(page);
  await seen('judge-test');
  await room(page, 'Compare');
  await seen('compare');
  await page.getByRole('link', { name: 'Take home' }).click();
  const command = (await page.getByRole('region', { name: 'the command line' }).textContent()) ?? '';
  await seen('take-home');
  const waiting = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download the model' }).click();
  const zip = readFileSync(await (await waiting).path());
  return { zip, command, figures: { valid, test }, person: 'u7', missed };
}

/** The figures of a judgement, in full, by the titles of metrics. */
async function figuresOn(page: Page): Promise<Readonly<Record<string, string>>> {
  await page.getByRole('heading', { name: 'All figures' }).waitFor();
  await page.getByText('In full', { exact: true }).click();
  const rows = page.getByRole('table', { name: 'Figures in full' }).locator('tbody tr');
  const cells = await rows.evaluateAll((all) =>
    all.map((row) => Array.from((row as HTMLTableRowElement).cells, (cell) => cell.textContent ?? '')),
  );
  return Object.fromEntries(cells.map(([metric, figure]) => [metric!, figure!]));
}
