/** The asynchronous function `name` of a module that is loaded when the function is first called, so that importing an entry costs little. */
export function onDemand<M extends { readonly [N in K]: (...args: never[]) => Promise<unknown> }, K extends string>(
  load: () => Promise<M>,
  name: K,
): M[K] {
  const call = async (...args: never[]) => (await load())[name](...args);
  return call as M[K];
}
