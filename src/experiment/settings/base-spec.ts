import { TaurecError } from '../../errors.ts';
import { mergeConfigs } from '../run/merge-config.ts';
import type { Choice, DataSource, RunSpec } from '../run/run.ts';
import { cutOffs } from './metric-names.ts';
import type { BackboneCase, ExperimentSettings } from './settings.ts';

/**
 * What every run of an experiment on a data set has of the settings: the training options (those for all over the backbone's), the backbone, the cut-offs and the metrics that are asked for.
 * @throws TaurecError `bad-option` when no backbone is named and the settings have several
 */
export function baseSpec(
  settings: ExperimentSettings,
  data: DataSource,
  choice: Choice,
  backbone: BackboneCase = onlyBackbone(settings),
): Omit<RunSpec, 'seed'> {
  const { config, metrics, ownMetrics } = settings;
  return {
    data,
    choice,
    config: mergeConfigs(backbone.config, config, { backbone: backbone.source }),
    ks: cutOffs(metrics),
    metrics: ownMetrics,
  };
}

function onlyBackbone({ backbones }: ExperimentSettings): BackboneCase {
  const [first, ...others] = backbones;
  if (others.length === 0) return first!;
  const got = backbones.map(({ label }) => label).join(', ');
  throw new TaurecError('bad-option', { option: 'backbones', got, expected: 'one; only losses compares several' });
}
