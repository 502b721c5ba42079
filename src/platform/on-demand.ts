/** Wraps the asynchronous function `name` of a module. The first call loads the module, so that importing an entry of the library costs little. */
export function onDemand<M extends { readonly [N in K]: (...args: never[]) => Promise<unknown> }, K extends string>(
  load: () => Promise<M>,
  name: K,
): M[K] {
  const call = async (...args: never[]) => (await load())[name](...args);
  return call as M[K];
}
