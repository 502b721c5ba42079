import type { Point } from '../search/space.ts';
import { customObject, isBackbone, isLoss, parseTrainConfig, type TrainConfigInput } from '../training/config.ts';

/** The training options with those of a point over them. Paths of a point: an option, `group.option`, or `loss.option` and `backbone.option`. */
export function configAt(base: TrainConfigInput, point: Point): TrainConfigInput {
  const config: Record<string, unknown> = { ...base };
  // A loss that is chosen as a whole comes before its options.
  const entries = Object.entries(point).sort(([a], [b]) => a.split('.').length - b.split('.').length);
  for (const [path, value] of entries) {
    const [first, ...rest] = path.split('.') as [string, ...string[]];
    const option = rest.join('.');
    if (option === '') config[first] = value;
    else if (first === 'loss' || first === 'backbone')
      config[first] = withOption(config[first] ?? defaults()[first], option, value);
    else config[first] = { ...asGroup(config[first]), [option]: value };
  }
  return config as TrainConfigInput;
}

const defaults = () => parseTrainConfig({});

/** A loss or backbone with one more option, which stands over one of the same name. */
function withOption(source: unknown, option: string, value: unknown): unknown {
  if (typeof source === 'string') return { name: source, options: { [option]: value } };
  const { options, ...rest } = source as { options?: object } & Record<string, unknown>;
  const { [option]: _, ...others } = rest;
  return { ...others, options: { ...options, [option]: value } };
}

/** `'cosine'` stands for `{ name: 'cosine' }`. */
function asGroup(value: unknown): object | undefined {
  return typeof value === 'string' ? { name: value } : (value as object | undefined);
}

/** True when the loss, the backbone, the pool or the sampler is an object, which no other process can receive. */
export function hasObject({ loss, backbone, batch = {} }: TrainConfigInput): boolean {
  const isObject = (x: unknown): x is never => typeof x === 'object' && x !== null;
  return (
    (isObject(loss) && isLoss(loss)) ||
    (isObject(backbone) && isBackbone(backbone)) ||
    customObject(batch as never) !== undefined
  );
}
