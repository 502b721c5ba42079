import type { TrainConfigInput } from '../training/config.ts';
import { type Cell, cell } from './published.ts';
import { byPopularity, discovery, gowallaGraph, graph, oneLayer, priorByValidation, type Recipe } from './recipe.ts';

/** Expected values under both protocols, each given as [NDCG@20, Recall@20]. */
function both(clean: readonly [number, number], irbench: readonly [number, number]): Recipe['expected'] {
  const named = ([ndcg, recall]: readonly [number, number]) => ({ 'ndcg@20': ndcg, 'recall@20': recall });
  return { clean: named(clean), irbench: named(irbench) };
}

/** One loss of a column, with its expected values. */
type Row = Pick<Cell, 'loss' | 'expected'> & Partial<Cell>;

/** Recipes for several losses with the same data set, backbone and settings. A row may add options that its loss needs. */
function column(
  about: Pick<Cell, 'data' | 'backbone' | 'seeds'> & { config: TrainConfigInput },
  rows: readonly Row[],
): Recipe[] {
  return rows.map(({ config, ...row }) =>
    cell({ claim: 'a published cell at equal loss', ...about, ...row, config: { ...about.config, ...config } }),
  );
}

// Settings that all losses of a column share. They were chosen on validation data.
const health = { epochs: 80, ...priorByValidation() };
const healthBatch = { ...byPopularity, rows: 64, negatives: 1024 };
/** Options for BPR: it scores by inner products, whose size weight decay and dropout must limit. */
const plain = { decoupledWeightDecay: 1, embeddingDropout: 0.2 };

const electronic = { learningRate: 0.03, epochs: 60, ...priorByValidation() };
const gowalla = { learningRate: 0.03, epochs: 90, ...priorByValidation(30, 10_000) };

const graphBatch = { ...byPopularity, rows: 256, negatives: 1024 };

/** Recipes for cells of the published tables, loss by loss, with the popularity prior chosen on validation data. The best recipe of each column is in `table-mf`. */
export const equalLoss: readonly Recipe[] = [
  ...column({ data: 'amazon2014-health', config: { ...health, batch: healthBatch } }, [
    { loss: { name: 'sl', tau: 0.25 }, expected: both([0.141, 0.1838], [0.1365, 0.1809]) },
    { loss: { name: 'psl', tau: 0.15 }, expected: both([0.1423, 0.1858], [0.1379, 0.1829]) },
    { loss: { name: 'slatk', tau: 0.25, tauWeight: 5 }, expected: both([0.1406, 0.1824], [0.136, 0.1795]) },
    { loss: { name: 'advinfonce', tau: 0.25 }, expected: both([0.1409, 0.1837], [0.1364, 0.1808]) },
    {
      loss: { name: 'llpauc' },
      config: { batch: { rows: 64, negatives: 1024 } },
      expected: both([0.1366, 0.1763], [0.132, 0.1729]),
    },
    { loss: { name: 'bpr' }, config: plain, expected: both([0.1304, 0.1712], [0.1267, 0.1689]) },
  ]),
  ...column({ data: 'amazon2014-health', backbone: oneLayer, config: { ...graph, batch: graphBatch } }, [
    { loss: { name: 'sl', tau: 0.25 }, expected: both([0.1394, 0.1822], [0.1349, 0.1796]) },
    { loss: { name: 'bsl', tau: 0.25, tau1: 1 }, expected: both([0.1424, 0.1853], [0.1379, 0.1823]) },
    { loss: { name: 'psl', tau: 0.15 }, expected: both([0.1424, 0.186], [0.1381, 0.1831]) },
    { loss: { name: 'slatk', tau: 0.25, tauWeight: 8 }, expected: both([0.1396, 0.1822], [0.1349, 0.1789]) },
    { loss: { name: 'bpr' }, config: plain, expected: both([0.1298, 0.1708], [0.1262, 0.1685]) },
  ]),
  ...column({ data: 'amazon2014-electronic', seeds: [1], config: { ...electronic, batch: byPopularity } }, [
    { loss: { name: 'sl', tau: 0.3 }, expected: both([0.0603, 0.0924], [0.0599, 0.092]) },
    { loss: { name: 'psl', tau: 0.15 }, expected: both([0.0605, 0.093], [0.0601, 0.0927]) },
    { loss: { name: 'slatk', tau: 0.3, tauWeight: 5 }, expected: both([0.0593, 0.0911], [0.0589, 0.0907]) },
    {
      loss: { name: 'bpr' },
      config: { decoupledWeightDecay: 1, batch: {} },
      expected: both([0.0519, 0.0811], [0.0516, 0.0808]),
    },
  ]),
  ...column(
    {
      ...{ data: 'amazon2014-electronic', backbone: oneLayer, seeds: [1] },
      config: { ...graph, learningRate: 0.03, batch: { ...byPopularity, rows: 256 } },
    },
    [
      { loss: { name: 'sl', tau: 0.3 }, expected: both([0.0606, 0.0924], [0.0602, 0.0921]) },
      { loss: { name: 'bsl', tau: 0.3, tau1: 1 }, expected: both([0.0603, 0.0925], [0.0598, 0.0921]) },
      { loss: { name: 'psl', tau: 0.17 }, expected: both([0.0607, 0.0933], [0.0603, 0.0929]) },
      { loss: { name: 'slatk', tau: 0.3, tauWeight: 8 }, expected: both([0.0605, 0.0923], [0.0601, 0.092]) },
    ],
  ),
  ...column({ data: 'gowalla', seeds: [1], config: { ...gowalla, batch: byPopularity } }, [
    { loss: { name: 'sl', tau: 0.1 }, expected: both([0.1768, 0.2128], [0.1714, 0.21]) },
    { loss: { name: 'psl', tau: 0.08 }, expected: both([0.172, 0.2098], [0.1669, 0.2071]) },
    { loss: { name: 'slatk', tau: 0.1, tauWeight: 4 }, expected: both([0.1773, 0.2133], [0.1718, 0.2103]) },
  ]),
  ...column({ data: 'gowalla', backbone: oneLayer, seeds: [1], config: gowallaGraph }, [
    { loss: { name: 'bsl', tau: 0.1, tau1: 1 }, expected: both([0.1781, 0.2154], [0.1724, 0.2123]) },
  ]),
  ...column({ data: 'amazon2014-electronic-popularity', seeds: [1], config: discovery }, [
    { loss: { name: 'sl', tau: 0.15 }, expected: both([0.0194, 0.0325], [0.0182, 0.0305]) },
    { loss: { name: 'psl', tau: 0.11 }, expected: both([0.0214, 0.0365], [0.0201, 0.0342]) },
    { loss: { name: 'bpr' }, config: plain, expected: both([0.0058, 0.0101], [0.0054, 0.0095]) },
  ]),
  ...column({ data: 'amazon2014-cd-popularity', seeds: [1], config: discovery }, [
    { loss: { name: 'bsl', tau: 0.12, tau1: 1 }, expected: both([0.1072, 0.1541], [0.1003, 0.1443]) },
    { loss: { name: 'psl', tau: 0.09 }, expected: both([0.1017, 0.1489], [0.0952, 0.1394]) },
  ]),
];
