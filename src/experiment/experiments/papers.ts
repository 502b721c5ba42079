// The experiment `papers`: all figures of the papers in one report, composed of other experiments as parts.
import type { ClaimVerdict, Figure, Section, Table } from '../../report/report.ts';
import { slug } from '../../report/report.ts';
import type { Experiment, Findings, Lab } from '../experiment.ts';
import { everyOne, measured } from '../findings.ts';
import { planRuns } from '../plan-runs.ts';
import { experimentSettings } from '../read-settings.ts';
import { type DataSource, mergeConfigs } from '../run.ts';
import { type ExperimentConfig, type ExperimentSettings, entriesNamed, type SourceEntry } from '../settings.ts';
import { type Part, parts } from './papers-parts.ts';

/** A part on one data set. */
interface Unit {
  readonly part: Part;
  readonly data: DataSource;
  readonly settings: ExperimentSettings;
}

/** A claim with its verdict on one data set. Its text begins with the part: parts make claims in the same words. */
interface UnitClaim extends ClaimVerdict {
  readonly data: string;
}

/**
 * All parts of the papers. Its settings hold for every part, with two exceptions: `data` limits the data sets of each, and data sets that no part names are used by
 * all; with several parts `levels` limits those of each, and a part that has none of them keeps its own.
 */
export const papers: Experiment = {
  name: 'papers',
  title: 'The claims of the papers',
  summary:
    'Every figure of the BSL paper, and the claims of the papers on DSL, PSL and SL@K, measured on their public data sets and shown with the published values. Each part is an experiment with options for its data set; parts share their runs.',
  source:
    'Wu et al., ICDE 2024 (BSL); the abstract of the DSL paper (arXiv 2602.07206); Yang et al., NeurIPS 2024 (PSL) and KDD 2025 (SL@K)',
  defaults: {
    data: [...new Set(parts.flatMap(({ data }) => data))],
    losses: [],
    parts: parts.map(({ name }) => name),
  },
  async run(lab: Lab, settings: ExperimentSettings): Promise<Findings> {
    const units = await unitsOf(settings);
    await sayPlan(lab, units);
    const found: { unit: Unit; findings: Findings }[] = [];
    for (const unit of units) {
      const { part, data } = unit;
      const findings = await part.experiment.run(titled(lab, `${part.title}, ${data.name}`), unit.settings);
      found.push({ unit, findings });
    }
    const claims = found.flatMap(({ unit, findings }) =>
      measured(findings.claims).map(
        (one): UnitClaim => ({ ...one, claim: `${unit.part.title}: ${one.claim}`, data: unit.data.name }),
      ),
    );
    return {
      claims: merged(claims),
      sections: [claimsSection(claims), ...found.flatMap(({ unit, findings }) => sectionsOf(unit, findings))],
    };
  },
};

/** The parts on each data set: data sets in their order, because one is then finished before the next. */
async function unitsOf({ data, parts: wanted, given }: ExperimentSettings): Promise<Unit[]> {
  const known = new Set(parts.flatMap((part) => part.data));
  const units: Unit[] = [];
  for (const source of data) {
    for (const part of parts) {
      const fits = part.data.includes(source.name) || !known.has(source.name);
      if (wanted.includes(part.name) && fits)
        units.push({ part, data: source, settings: await unitSettings(part, source, given, wanted.length === 1) });
    }
  }
  return units;
}

/** The settings of a part on one data set: those given, over the part's own, over those of its experiment. @param alone Whether no other part is wanted */
async function unitSettings(
  part: Part,
  source: DataSource,
  given: ExperimentConfig,
  alone: boolean,
): Promise<ExperimentSettings> {
  const { name, files, config } = source;
  const { parts: _, losses, levels, config: training = {}, ...rest } = given;
  const defaults = { ...part.experiment.defaults, ...part.settings(name) };
  // A loss given by its label keeps the options that it has in this part.
  const known = defaults.losses ?? [];
  const entries = losses?.flatMap((loss): readonly SourceEntry[] =>
    typeof loss === 'string' ? entriesNamed(loss, known) : [loss],
  );
  const data = [{ ...files, name, config }] as ExperimentConfig['data'];
  const common = (defaults.levels ?? []).filter((level) => levels?.includes(level));
  const axis = alone ? levels : common.length > 0 ? common : undefined;
  const over = mergeConfigs(defaults.config ?? {}, training);
  return experimentSettings(
    { ...rest, config: over, ...(axis && { levels: axis }), ...(entries && { losses: entries }), data },
    defaults,
  );
}

/** Says how many trainings are left, by part. Says nothing if there are none. */
async function sayPlan(lab: Lab, units: readonly Unit[]): Promise<void> {
  const counted = new Set<string>();
  const lines: string[] = [];
  for (const { part, data, settings } of units) {
    const left = await planRuns(lab, part.experiment, settings, counted);
    if (left > 0) lines.push(`  ${part.name}, ${data.name}: ${left}`);
  }
  if (lines.length > 0) lab.say(`At least ${counted.size} trainings are left:\n${lines.join('\n')}`);
}

/** The laboratory with a prefix to the title of every stage. */
function titled(lab: Lab, prefix: string): Lab {
  const title = (stage: string) => `${prefix}: ${stage}`;
  return {
    recorded: (specs) => lab.recorded(specs),
    say: (text) => lab.say(text),
    tryAll: (stage, specs) => lab.tryAll(title(stage), specs),
    runAll: (stage, specs) => lab.runAll(title(stage), specs),
    runAlone: (stage, specs) => lab.runAlone(title(stage), specs),
    perUser: (record, protocol) => lab.perUser(record, protocol),
  };
}

/** Each claim once, with the verdict over its data sets; claims of the papers first. */
function merged(claims: readonly UnitClaim[]): ClaimVerdict[] {
  const byText = new Map<string, UnitClaim[]>();
  for (const one of claims) byText.set(one.claim, [...(byText.get(one.claim) ?? []), one]);
  const all = [...byText.values()].map((same): ClaimVerdict => {
    const { claim, paper } = same[0]!;
    const verdict = everyOne(same.map((one) => one.verdict));
    const evidence = same.map((one) => (same.length > 1 ? `${one.verdict}: ${one.evidence}` : one.evidence)).join('; ');
    return { claim, verdict, evidence, ...(paper !== undefined && { paper }) };
  });
  return [...all.filter(({ paper }) => paper !== undefined), ...all.filter(({ paper }) => paper === undefined)];
}

/** One table of all claims: a row for each claim and data set. */
function claimsSection(claims: readonly UnitClaim[]): Section {
  const order = merged(claims).map(({ claim }) => claim);
  const sorted = [...claims].sort((a, b) => order.indexOf(a.claim) - order.indexOf(b.claim));
  const table: Table = {
    name: 'claims',
    caption: 'Each claim on each data set. A claim is undecided (unclear) with fewer than three seeds.',
    columns: ['claim', 'paper', 'data', 'verdict', 'evidence'].map((name) => ({ name, show: 'text' as const })),
    rows: sorted.map(({ claim, paper = 'this project', data, verdict, evidence }) => [
      claim,
      paper,
      data,
      verdict,
      evidence,
    ]),
  };
  return { title: 'Claims by data set', tables: claims.length > 0 ? [table] : [] };
}

/** The sections of a part on a data set, with the names of both in all names and titles. */
function sectionsOf({ part, data }: Unit, { sections }: Findings): Section[] {
  const rename = <T extends Figure | Table>(one: T): T => ({
    ...one,
    name: slug(`${part.name} ${data.name} ${one.name}`),
  });
  return sections.map(({ title, text, figures = [], tables = [] }) => ({
    title: `${part.title}, ${data.name}${title === data.name ? '' : `: ${title}`}`,
    ...(text && { text }),
    figures: figures.map(rename),
    tables: tables.map(rename),
  }));
}
