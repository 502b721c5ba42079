/** Node's loader without the packages of queues, as where nobody has installed them: `node --import` this file. */
import { register } from 'node:module';

const hooks = `
export async function resolve(specifier, context, next) {
  if (!['bullmq', 'ioredis', 'pg-boss'].includes(specifier)) return next(specifier, context);
  const message = \`Cannot find package '\${specifier}' imported from \${context.parentURL}\`;
  throw Object.assign(new Error(message), { code: 'ERR_MODULE_NOT_FOUND' });
}`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);
