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
type Pair = readonly [recall: number, ndcg: number];

/** A table of a paper: a column for each data set, a row for each loss, Recall@20 and NDCG@20 in each cell. */
function table(
  about: Pick<PublishedResult, 'backbone' | 'protocol' | 'testSelected'> & { sources: Partial<Record<Label, string>> },
  columns: readonly string[],
  rows: Partial<Record<Label, readonly Pair[]>>,
): PublishedResult[] {
  const { sources, ...shared } = about;
  return columns.flatMap((data, column) =>
    (Object.entries(rows) as [Label, readonly Pair[]][]).map(([label, pairs]) => {
      const [recall, ndcg] = pairs[column]!;
      const metrics = { 'recall@20': recall, 'ndcg@20': ndcg };
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
    BPR: [
      [0.1627, 0.1234],
      [0.0816, 0.0527],
      [0.1355, 0.1111],
    ],
    LLPAUC: [
      [0.1644, 0.1209],
      [0.0821, 0.0499],
      [0.161, 0.1189],
    ],
    AdvInfoNCE: [
      [0.1659, 0.1237],
      [0.0829, 0.0527],
      [0.2067, 0.1627],
    ],
    SL: [
      [0.1719, 0.1261],
      [0.0821, 0.0529],
      [0.2064, 0.1624],
    ],
    BSL: [
      [0.1719, 0.1261],
      [0.0834, 0.053],
      [0.2071, 0.163],
    ],
    PSL: [
      [0.1718, 0.1268],
      [0.0838, 0.0541],
      [0.2089, 0.1647],
    ],
    'SL@20': [
      [0.1823, 0.139],
      [0.0901, 0.059],
      [0.2121, 0.1709],
    ],
  }),
  ...table({ backbone: 'lightgcn', protocol: 'irbench', testSelected: false, sources: both }, iid, {
    BPR: [
      [0.1618, 0.1203],
      [0.0813, 0.0524],
      [0.1745, 0.1402],
    ],
    SL: [
      [0.1691, 0.1235],
      [0.0823, 0.0526],
      [0.2068, 0.1628],
    ],
    BSL: [
      [0.1691, 0.1236],
      [0.0823, 0.0526],
      [0.2069, 0.1628],
    ],
    'SL@20': [
      [0.1783, 0.1371],
      [0.0903, 0.0591],
      [0.2128, 0.1729],
    ],
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
      BPR: [
        [0.0518, 0.0318],
        [0.0132, 0.0069],
        [0.0382, 0.0273],
      ],
      SL: [
        [0.1184, 0.0815],
        [0.023, 0.0142],
        [0.1006, 0.0737],
      ],
      BSL: [
        [0.1184, 0.0815],
        [0.0231, 0.0142],
        [0.1006, 0.0738],
      ],
      'PSL-relu': [
        [0.1203, 0.0839],
        [0.0241, 0.0149],
        [0.1014, 0.0752],
      ],
    },
  ),
  ...table({ backbone: 'mf', protocol: 'clean', testSelected: true, sources: { SL: bsl, BSL: bsl } }, ['yelp2018'], {
    SL: [[0.0721, 0.0592]],
    BSL: [[0.0725, 0.0599]],
  }),
  ...table(
    { backbone: 'lightgcn', protocol: 'clean', testSelected: true, sources: { SL: bsl, BSL: bsl } },
    ['yelp2018'],
    { SL: [[0.0736, 0.0612]], BSL: [[0.0744, 0.0617]] },
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
