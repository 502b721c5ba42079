// Published results on the public data sets: the tables of the papers.
import type { BackboneName } from '../backbone/backbones.ts';
import type { Protocol } from '../evaluation/evaluator.ts';
import type { LossName } from '../loss/losses.ts';

/** A published result for one data set, backbone and loss. */
export interface PublishedResult {
  /** Name of the folder of `$TAUREC_DATA` with the same data and split. */
  readonly data: string;
  readonly backbone: BackboneName;
  readonly loss: LossName;
  /** Name of the loss in the paper. */
  readonly label: string;
  /** The protocol of taurec that equals the paper's evaluation. */
  readonly protocol: Protocol;
  readonly metrics: { readonly 'recall@20'?: number; readonly 'ndcg@20': number };
  /** Whether the paper's program chose the epoch on the test set. */
  readonly testSelected: boolean;
  readonly source: string;
}

// Sources of the tables below.
const psl = 'Yang et al., PSL, NeurIPS 2024';
const slAtK = 'Yang et al., SL@K, KDD 2025, table 2';
const bsl = 'Wu et al., BSL, ICDE 2024, table II';
const bslFigure9 = 'Wu et al., BSL, ICDE 2024, figure 9, the best number of negatives';
const bslLogs = 'Wu et al., BSL, ICDE 2024: training logs published with the program, best epoch on the test set';

/** Losses of the published tables: name in the paper → name in taurec. */
const losses = {
  BPR: 'bpr',
  BCE: 'bce',
  MSE: 'mse',
  LLPAUC: 'llpauc',
  AdvInfoNCE: 'advinfonce',
  SL: 'sl',
  BSL: 'bsl',
  PSL: 'psl',
  'PSL-relu': 'psl',
  'SL@20': 'slatk',
} as const satisfies Record<string, LossName>;

type Label = keyof typeof losses;

/** The results of a published table, with one column per data set and one row per loss. A cell is `Recall@20/NDCG@20`, `/NDCG@20`, or `–` for none; spaces separate the columns. */
function table(
  about: Pick<PublishedResult, 'backbone' | 'protocol' | 'testSelected'> & { sources: Partial<Record<Label, string>> },
  columns: readonly string[],
  rows: Partial<Record<Label, string>>,
): PublishedResult[] {
  const { sources, ...shared } = about;
  return columns.flatMap((data, column) =>
    (Object.entries(rows) as [Label, string][]).flatMap(([label, cells]) => {
      const [recall, ndcg] = cells.split(' ')[column]!.split('/');
      if (ndcg === undefined) return [];
      const metrics = { ...(recall && { 'recall@20': Number(recall) }), 'ndcg@20': Number(ndcg) };
      return [{ ...shared, data, label, loss: losses[label], metrics, source: sources[label]! }];
    }),
  );
}

// Data sets of table 1, whose columns are in this order; PSL and SL@K print the same values for most losses.
const iid = ['amazon2014-health', 'amazon2014-electronic', 'gowalla'];
const either = `${psl}, table 1, and ${slAtK}`;
const both = { BPR: either, LLPAUC: either, AdvInfoNCE: either, SL: either, BSL: either, PSL: either, 'SL@20': slAtK };

// Data sets under popularity shift, in the order of the columns of PSL's table 2.
const shifted = ['amazon2014-cd-popularity', 'amazon2014-electronic-popularity', 'gowalla-popularity'];
const pslTable2 = `${psl}, table 2`;

// The three public sets of BSL's table II. Its program validates on the test set.
const bslSets = ['yelp2018', 'lightgcn-gowalla', 'ultragcn-movielens-1m'];
const bslTable = {
  protocol: 'clean',
  testSelected: true,
  sources: { BPR: bsl, BCE: bsl, MSE: bsl, SL: bsl, BSL: bsl },
} as const;

/**
 * Published results on data and splits that `$TAUREC_DATA` may hold, all with embeddings of d = 64. Results of IR-Benchmark follow protocol `irbench`. Its
 * programs hold out a tenth of train for validation, except under popularity shift, where they validate on the test set. The program of BSL has no
 * validation part, so protocol `clean` equals its evaluation.
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
  ...table({ ...bslTable, backbone: 'mf' }, bslSets, {
    BPR: '.0549/.0445 .1616/.1366 .2153/.2175',
    BCE: '.0513/.0415 .1492/.1251 .2329/.2244',
    MSE: '.0415/.0337 .1160/.1005 .2216/.2023',
    SL: '.0718/.0585 .1760/.1399 .2786/.2633',
    BSL: '.0725/.0599 .1882/.1584 .2804/.2681',
  }),
  ...table({ ...bslTable, backbone: 'mf', sources: { BPR: bslFigure9, BCE: bslFigure9, MSE: bslFigure9 } }, bslSets, {
    BPR: '/.0502 – /.2547',
    BCE: '– /.1438 /.2495',
    MSE: '/.0514 – /.2553',
  }),
  ...table({ ...bslTable, backbone: 'mf', sources: { SL: bslLogs } }, ['yelp2018'], { SL: '.0721/.0592' }),
  ...table({ ...bslTable, backbone: 'ngcf' }, bslSets, {
    BPR: '.0579/.0477 .1570/.1327 .2513/.2511',
    BCE: '.0498/.0401 .1410/.1169 .2421/.2292',
    MSE: '.0391/.0319 .0837/.0720 .2376/.2135',
    SL: '.0711/.0589 .1674/.1399 .2789/.2632',
    BSL: '.0732/.0610 .1829/.1513 .2808/.2676',
  }),
  ...table({ ...bslTable, backbone: 'lightgcn' }, bslSets, {
    BPR: '.0649/.0530 .1830/.1554 .2576/.2427',
    BCE: '.0557/.0457 .1470/.1271 .2484/.2412',
    MSE: '.0463/.0366 .1347/.1080 .2488/.2291',
    SL: '.0736/.0612 .1878/.1577 .2792/.2627',
    BSL: '.0744/.0617 .1893/.1591 .2799/.2627',
  }),
];

/** The published results on one data set and backbone: a column of the comparison. */
export function publishedColumn(data: string, backbone: string): PublishedResult[] {
  return publishedResults.filter((result) => result.data === data && result.backbone === backbone);
}
