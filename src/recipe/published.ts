import type { BackboneName } from '../backbone/backbones.ts';
import type { Protocol } from '../evaluation/evaluator.ts';
import type { LossName } from '../loss/losses.ts';

/** A result that a paper prints, for one data set, backbone and loss. */
export interface PublishedResult {
  /** A folder of `$TAUREC_DATA`: the same data and split. */
  readonly data: string;
  readonly backbone: BackboneName;
  readonly loss: LossName;
  /** As the paper names it. */
  readonly label: string;
  /** Which evaluator of taurec counts as the paper's did. */
  readonly protocol: Protocol;
  readonly metrics: { readonly 'recall@20': number; readonly 'ndcg@20': number };
  /** Whether the paper's program chose the epoch on the test set itself. */
  readonly testSelected: boolean;
  readonly source: string;
}

const psl = 'Yang et al., PSL, NeurIPS 2024';
const slAtK = 'Yang et al., SL@K, KDD 2025, table 2';
const bsl = 'Wu et al., BSL, ICDE 2024: training logs published with the program, best epoch on the test set';

/** The losses of the tables: as papers name them → as taurec does. */
const losses = {
  BPR: 'bpr',
  LLPAUC: 'llpauc',
  AdvInfoNCE: 'advinfonce',
  SL: 'sl',
  BSL: 'bsl',
  PSL: 'psl',
  'PSL-relu': 'psl',
  'SL@20': 'slatk',
} as const satisfies Record<string, LossName>;

type Label = keyof typeof losses;

/** A table of a paper: a column for each data set, a row for each loss, Recall@20/NDCG@20 in each cell. */
function table(
  about: Pick<PublishedResult, 'backbone' | 'protocol' | 'testSelected'> & { sources: Partial<Record<Label, string>> },
  columns: readonly string[],
  rows: Partial<Record<Label, string>>,
): PublishedResult[] {
  const { sources, ...shared } = about;
  return columns.flatMap((data, column) =>
    (Object.entries(rows) as [Label, string][]).map(([label, cells]) => {
      const [recall, ndcg] = cells.split(' ')[column]!.split('/').map(Number);
      const metrics = { 'recall@20': recall!, 'ndcg@20': ndcg! };
      return { ...shared, data, label, loss: losses[label], metrics, source: sources[label]! };
    }),
  );
}

const iid = ['amazon2014-health', 'amazon2014-electronic', 'gowalla'];
const either = `${psl}, table 1, and ${slAtK}`;
const both = { BPR: either, LLPAUC: either, AdvInfoNCE: either, SL: either, BSL: either, PSL: either, 'SL@20': slAtK };

const shifted = ['amazon2014-cd-popularity', 'amazon2014-electronic-popularity', 'gowalla-popularity'];
const pslTable2 = `${psl}, table 2`;

/**
 * The published results on data and splits that `$TAUREC_DATA` holds, d = 64 throughout. The IR-Benchmark rows are counted as protocol `irbench` counts; its programs hold a tenth of
 * train out for validation, except under popularity shift, where validation is the test set. The training logs of BSL have no validation part, so `clean` counts as they do.
 */
export const publishedResults: readonly PublishedResult[] = [
  ...table({ backbone: 'mf', protocol: 'irbench', testSelected: false, sources: both }, iid, {
    BPR: '.1627/.1234 .0816/.0527 .1355/.1111',
    LLPAUC: '.1644/.1209 .0821/.0499 .1610/.1189',
    AdvInfoNCE: '.1659/.1237 .0829/.0527 .2067/.1627',
    SL: '.1719/.1261 .0821/.0529 .2064/.1624',
    BSL: '.1719/.1261 .0834/.0530 .2071/.1630',
    PSL: '.1718/.1268 .0838/.0541 .2089/.1647',
    'SL@20': '.1823/.1390 .0901/.0590 .2121/.1709',
  }),
  ...table({ backbone: 'lightgcn', protocol: 'irbench', testSelected: false, sources: both }, iid, {
    BPR: '.1618/.1203 .0813/.0524 .1745/.1402',
    SL: '.1691/.1235 .0823/.0526 .2068/.1628',
    BSL: '.1691/.1236 .0823/.0526 .2069/.1628',
    'SL@20': '.1783/.1371 .0903/.0591 .2128/.1729',
  }),
  ...table(
    {
      backbone: 'mf',
      protocol: 'irbench',
      testSelected: true,
      sources: { BPR: pslTable2, SL: pslTable2, BSL: pslTable2, 'PSL-relu': pslTable2 },
    },
    shifted,
    {
      BPR: '.0518/.0318 .0132/.0069 .0382/.0273',
      SL: '.1184/.0815 .0230/.0142 .1006/.0737',
      BSL: '.1184/.0815 .0231/.0142 .1006/.0738',
      'PSL-relu': '.1203/.0839 .0241/.0149 .1014/.0752',
    },
  ),
  ...table({ backbone: 'mf', protocol: 'clean', testSelected: true, sources: { SL: bsl, BSL: bsl } }, ['yelp2018'], {
    SL: '.0721/.0592',
    BSL: '.0725/.0599',
  }),
  ...table(
    { backbone: 'lightgcn', protocol: 'clean', testSelected: true, sources: { SL: bsl, BSL: bsl } },
    ['yelp2018'],
    { SL: '.0736/.0612', BSL: '.0744/.0617' },
  ),
];

/** The results of a column: one data set and backbone. */
export function publishedColumn(data: string, backbone: string): PublishedResult[] {
  return publishedResults.filter((result) => result.data === data && result.backbone === backbone);
}

/** The best of results by NDCG@20. */
export function bestPublished(results: readonly PublishedResult[]): PublishedResult | undefined {
  return [...results].sort((a, b) => b.metrics['ndcg@20'] - a.metrics['ndcg@20'])[0];
}
