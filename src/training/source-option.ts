/** A loss or a backbone as a configuration names it: by name, by module, or as the object itself. */
export type NamedSource<T extends object> =
  | { readonly name: string; readonly options?: Readonly<Record<string, unknown>> }
  | { readonly module: string; readonly export?: string; readonly options?: Readonly<Record<string, unknown>> }
  | T;

/**
 * Reads a source: a name, {name, …options}, {module, export, options}, or an object that has the function `method`, name and parameters. Undefined when it is none
 * of them. "inf" among the options, JSON's way to write it, becomes Infinity.
 */
export function namedSource<T extends object>(value: unknown, method: keyof T & string): NamedSource<T> | undefined {
  if (typeof value === 'string') return { name: value, options: {} };
  if (typeof value !== 'object' || value === null) return undefined;
  if (method in value) {
    const { name, parameters, [method]: called } = value as Record<string, unknown>;
    const whole = typeof called === 'function' && typeof name === 'string' && typeof parameters === 'object';
    return whole ? (value as T) : undefined;
  }
  const { name, module, export: exported, options, ...rest } = value as Record<string, unknown>;
  if (options !== undefined && (typeof options !== 'object' || options === null)) return undefined;
  const all = withInfinity({ ...rest, ...options });
  if (typeof module === 'string' && name === undefined && (exported === undefined || typeof exported === 'string')) {
    return exported === undefined ? { module, options: all } : { module, export: exported, options: all };
  }
  return typeof name === 'string' && module === undefined && exported === undefined
    ? { name, options: all }
    : undefined;
}

/** The source as JSON can hold it: an object is its name and parameters. */
export function writtenSource(
  source: NamedSource<{ readonly name: string; readonly parameters: object }>,
): Exclude<NamedSource<never>, never> {
  return 'parameters' in source
    ? { name: source.name, options: source.parameters as Readonly<Record<string, unknown>> }
    : source;
}

function withInfinity(options: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).map(([key, x]) => [key, x === 'inf' ? Infinity : x]));
}
