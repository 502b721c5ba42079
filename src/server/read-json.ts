import type { IncomingMessage } from 'node:http';
import { TaurecError } from '../errors.ts';
import { badFields } from './parse-request.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** The JSON value in the body of a request. Throws `wrong-body-type`, `body-too-large`, `client-gone`, and `bad-request` where it is no JSON. */
export async function readJson(incoming: IncomingMessage, limit: number): Promise<unknown> {
  const { 'content-type': type, 'content-encoding': encoding } = incoming.headers;
  // Also what keeps foreign web pages out: they cannot send JSON without asking first (CORS).
  if (!/^application\/([\w.-]+\+)?json\s*(;|$)/i.test(type ?? '')) {
    throw new TaurecError('wrong-body-type', { got: type ?? 'nothing', expected: 'Content-Type: application/json' });
  }
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw new TaurecError('wrong-body-type', { got: encoding, expected: 'no Content-Encoding' });
  }
  const body = await readBody(incoming, limit);
  try {
    return JSON.parse(utf8.decode(body));
  } catch {
    throw badFields([{ field: '', got: `${body.length} bytes that are no JSON in UTF-8`, expected: 'a JSON object' }]);
  }
}

/** All bytes of a body; what comes beyond the limit is not kept, whether its length was announced or not. */
function readBody(incoming: IncomingMessage, limit: number): Promise<Buffer> {
  const tooLarge = new TaurecError('body-too-large', { limit });
  if (Number(incoming.headers['content-length'] ?? 0) > limit) return Promise.reject(tooLarge);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const stop = () => incoming.off('data', take).off('end', end).off('error', lost).off('close', lost);
    const take = (chunk: Buffer) => {
      length += chunk.length;
      if (length <= limit) return void chunks.push(chunk);
      stop();
      incoming.pause();
      reject(tooLarge);
    };
    const end = () => {
      stop();
      resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks));
    };
    const lost = () => {
      stop();
      reject(new TaurecError('client-gone'));
    };
    incoming.on('data', take).on('end', end).on('error', lost).on('close', lost);
  });
}
