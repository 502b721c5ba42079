import { TaurecError } from '../errors.ts';

/**
 * What an experiment found, as data: the claims and whether they held, tables and figures. `reportHtml` makes a page of it, `tableCsv` a file of each table.
 */
export interface Report {
  /** The experiment's name; file names are made of it. */
  readonly name: string;
  readonly title: string;
  /** What it is about, in a paragraph. */
  readonly summary: string;
  /** The papers whose claims are tested. */
  readonly source: string;
  readonly claims: readonly ClaimVerdict[];
  readonly sections: readonly Section[];
  readonly provenance: Provenance;
}

/** A claim, and what this run says of it. */
export interface ClaimVerdict {
  /** One sentence that could be false. */
  readonly claim: string;
  /** `unclear`: the run does not decide (too few runs, or differences within the noise of seeds). */
  readonly verdict: 'held' | 'failed' | 'unclear';
  /** The figures that decide. */
  readonly evidence: string;
}

/** A heading with, in this order, text, figures and tables. */
export interface Section {
  readonly title: string;
  /** Paragraphs. */
  readonly text?: readonly string[];
  readonly figures?: readonly Figure[];
  readonly tables?: readonly Table[];
}

/** A table of a report. */
export interface Table {
  /** Lower-case words with hyphens, unlike that of any other table of the report: the CSV file is named so. */
  readonly name: string;
  readonly caption: string;
  readonly columns: readonly TableColumn[];
  readonly rows: readonly (readonly Cell[])[];
}

/** A column of a table. */
export interface TableColumn {
  readonly name: string;
  /** How numbers are shown; the CSV file has them in full. Default `metric`: four decimals. `percent`: a fraction, shown times 100. `number`: four digits. `text` columns are left-aligned. */
  readonly show?: 'text' | 'metric' | 'count' | 'percent' | 'seconds' | 'number';
}

/** null: there is no such figure. A `mean` with its deviation over seeds is shown as mean ± deviation; the CSV file has two columns. */
export type Cell = string | number | null | { readonly mean: number; readonly deviation: number };

/** A plot with its caption. Panels are side by side and share their axes unless `ownScales`. */
export interface Figure {
  /** As a table's name; unlike that of any other figure. */
  readonly name: string;
  readonly caption: string;
  /** `dots`: points that nothing joins. */
  readonly kind: 'lines' | 'bars' | 'dots';
  readonly x: Axis;
  readonly y: Axis & { readonly scale?: 'linear' | 'log' };
  readonly panels: readonly Panel[];
  readonly ownScales?: boolean;
}

/** An axis of a figure. */
export interface Axis {
  readonly label: string;
  /** Default linear; `band`: names, or numbers that are no quantities. Bars have bands on x. */
  readonly scale?: 'linear' | 'log' | 'band';
}

/** One of the plots that a figure consists of. */
export interface Panel {
  readonly title: string;
  readonly series: readonly Series[];
  /** A level to compare with, drawn as a dashed line. */
  readonly reference?: { readonly name: string; readonly y: number };
}

/** A line, or a kind of bar or dot, of a figure: what one colour shows. */
export interface Series {
  /** The same name has the same colour in every panel. */
  readonly name: string;
  readonly points: readonly Point[];
  /** Drawn dashed: a prediction, not a measurement. */
  readonly dashed?: boolean;
}

/** A place in a figure, and how sure it is. */
export interface Point {
  readonly x: number | string;
  readonly y: number;
  /** Standard deviation over seeds, drawn as a band or a whisker. */
  readonly deviation?: number;
  /** A mark around the point: the one that validation chose. */
  readonly chosen?: boolean;
}

/** Everything needed to repeat the experiment, and what was run. */
export interface Provenance {
  /** The command, as it can be copied. */
  readonly command: string;
  readonly taurec: string;
  readonly node: string;
  /** Engine and build: `wasm, simd-fma`. */
  readonly engine: string;
  readonly processor: string;
  /** ISO 8601. */
  readonly finished: string;
  readonly data: readonly DataFacts[];
  /** What the settings of the experiment were, JSON-able. */
  readonly settings: unknown;
  /** Each distinct configuration that was trained, with a name for it, JSON-able. */
  readonly configs: readonly { readonly name: string; readonly config: unknown }[];
  /** Number of trainings, and their seconds in total. */
  readonly runs: number;
  readonly seconds: number;
}

/** Which data a number is about; counts of the interactions of each part. */
export interface DataFacts {
  readonly name: string;
  /** Files. */
  readonly source: string;
  readonly sha256: string;
  readonly users: number;
  readonly items: number;
  readonly train: number;
  readonly test: number;
}

/** Lower-case words with hyphens, which every file system takes. */
const fileName = /^[a-z0-9]+(-[a-z0-9]+)*$/;

/** Finds what would make a page or a file wrong. @throws TaurecError `bad-report`: a name that no file can have or that comes twice; a row with too few or too many cells. */
export function checkReport(report: Report): void {
  const fail = (problem: string, expected: string): never => {
    throw new TaurecError('bad-report', { report: report.name, problem, expected });
  };
  for (const [kind, things] of Object.entries({
    table: report.sections.flatMap(({ tables }) => tables ?? []),
    figure: report.sections.flatMap(({ figures }) => figures ?? []),
  })) {
    const names = new Set<string>();
    for (const { name } of things) {
      if (!fileName.test(name)) {
        fail(`a ${kind} has the name ${JSON.stringify(name)}`, 'lower-case words joined by hyphens');
      }
      if (names.has(name)) fail(`two of its ${kind}s have the name ${JSON.stringify(name)}`, 'distinct names');
      names.add(name);
    }
  }
  for (const { name, columns, rows } of report.sections.flatMap(({ tables }) => tables ?? [])) {
    const row = rows.findIndex(({ length }) => length !== columns.length);
    if (row === -1) continue;
    const cells = `row ${row + 1} of the table ${JSON.stringify(name)} has ${rows[row]!.length} cells`;
    fail(cells, `${columns.length}, one for each column`);
  }
}

/** A text as part of a file's name: lower-case letters, digits and hyphens. */
export function slug(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
}
