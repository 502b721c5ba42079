import { TaurecError } from '../errors.ts';

/**
 * The report of an experiment or a study, as data: claims with their verdicts, tables, figures and provenance. `reportHtml` makes a page of it, `tableCsv` a
 * CSV file of each table.
 */
export interface Report {
  /** Name of the experiment. */
  readonly name: string;
  readonly title: string;
  /** What the experiment tests, in one paragraph. */
  readonly summary: string;
  /** The papers whose claims are tested. */
  readonly source: string;
  readonly claims: readonly ClaimVerdict[];
  readonly sections: readonly Section[];
  readonly provenance: Provenance;
}

/** A claim with its verdict. */
export interface ClaimVerdict {
  /** One falsifiable sentence. */
  readonly claim: string;
  /** `unclear` means undecided: too few runs, or differences within the noise of seeds. */
  readonly verdict: 'held' | 'not held' | 'unclear';
  /** The numbers behind the verdict. */
  readonly evidence: string;
  /** Paper and place that make the claim; absent for claims of this project. */
  readonly paper?: string;
}

/** A section of a report: a heading, then text, figures and tables in this order. */
export interface Section {
  readonly title: string;
  /** Paragraphs. */
  readonly text?: readonly string[];
  readonly figures?: readonly Figure[];
  readonly tables?: readonly Table[];
}

/** A table of a report. */
export interface Table {
  /** Name of the CSV file: lower-case words joined by hyphens; distinct among the tables of the report. */
  readonly name: string;
  readonly caption: string;
  readonly columns: readonly TableColumn[];
  readonly rows: readonly (readonly Cell[])[];
}

/** A column of a table. */
export interface TableColumn {
  readonly name: string;
  /**
   * Number format on the page; the CSV file has all digits. Default `metric`: four decimals. `percent`: a fraction, shown times 100. `number`: four
   * significant digits. `count`: at most one decimal. `seconds`: one decimal below 100 s, else none. `text` columns are left-aligned.
   */
  readonly show?: 'text' | 'metric' | 'count' | 'percent' | 'seconds' | 'number';
}

/** A mean over seeds with its sample deviation, which one seed does not have. */
export interface MeanCell {
  readonly mean: number;
  readonly deviation?: number;
}

/** A table cell; `null` is a missing value. A mean with its deviation is shown as mean ± deviation and fills two columns of the CSV file. */
export type Cell = string | number | null | MeanCell;

/** A plot with its caption. Panels are drawn side by side. */
export interface Figure {
  /** Lower-case words joined by hyphens; distinct among the figures of the report. */
  readonly name: string;
  readonly caption: string;
  /** `dots` are points without connecting lines. `intervals` are dots with their intervals in one row for each name: names from top to bottom, values from left to right. */
  readonly kind: 'lines' | 'bars' | 'dots' | 'intervals';
  readonly x: Axis;
  readonly y: Axis & { readonly scale?: 'linear' | 'log' };
  readonly panels: readonly Panel[];
  /** True if every panel has its own axes. Default: all panels share them. */
  readonly ownScales?: boolean;
  /** True for many lines of which none is meant in particular: thin lines without legend, markers and table of numbers. */
  readonly bundle?: boolean;
}

/** An axis of a figure. */
export interface Axis {
  readonly label: string;
  /** Default `linear`. `band` is for names, and for numbers used as names. The x axis of bars and intervals is always a band. */
  readonly scale?: 'linear' | 'log' | 'band';
}

/** One plot of a figure. */
export interface Panel {
  readonly title: string;
  readonly series: readonly Series[];
  /** A level for comparison, drawn as a dotted line. */
  readonly reference?: { readonly name: string; readonly y: number };
}

/** A series of points, drawn in one colour: a line, or bars or dots of one kind. */
export interface Series {
  /** A name has the same colour and symbol throughout the report. */
  readonly name: string;
  readonly points: readonly Point[];
  /** True for values that were not measured but predicted or published; they are drawn dashed. */
  readonly dashed?: boolean;
  /** Name of the series whose colour and symbol it takes: for published values, that of the measured ones. */
  readonly like?: string;
}

/** A point of a figure, with its uncertainty. */
export interface Point {
  readonly x: number | string;
  readonly y: number;
  /** Standard deviation over seeds, drawn as a band or a whisker. */
  readonly deviation?: number;
  /** The ends of a confidence interval, drawn as a line in `intervals`. */
  readonly low?: number;
  readonly high?: number;
  /** True for the point that validation chose, which gets a ring. */
  readonly chosen?: boolean;
}

/** What was run, and everything needed to repeat it. */
export interface Provenance {
  /** The command to repeat it, ready to copy and valid on any machine. */
  readonly command: string;
  readonly taurec: string;
  readonly node: string;
  /** Engine and build, such as `wasm, simd-fma`. */
  readonly engine: string;
  readonly processor: string;
  /** ISO 8601. */
  readonly finished: string;
  readonly data: readonly DataFacts[];
  /** The settings of the experiment, JSON-able. */
  readonly settings: unknown;
  /** Each distinct training configuration with a name, JSON-able. */
  readonly configs: readonly { readonly name: string; readonly config: unknown }[];
  /** Number of trainings, and their total seconds. */
  readonly runs: number;
  readonly seconds: number;
}

/** Identity and size of a data set; `train` and `test` count interactions. */
export interface DataFacts {
  readonly name: string;
  /** The files it was read from. */
  readonly source: string;
  readonly sha256: string;
  readonly users: number;
  readonly items: number;
  readonly train: number;
  readonly test: number;
  /** How far the test items are from the popularity of training: 0, as popular as the items of training; 1, drawn uniformly over the catalogue. */
  readonly popularityShift?: number;
}

/** Lower-case words joined by hyphens: valid on every file system. */
const fileName = /^[a-z0-9]+(-[a-z0-9]+)*$/;

/** Checks a report before it is written. @throws TaurecError `bad-report` for a table or figure whose name is no file name or is used twice, and for a row with a wrong number of cells */
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

/** Turns a text into a part of a file name: lower-case letters, digits and hyphens. */
export function slug(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
}
