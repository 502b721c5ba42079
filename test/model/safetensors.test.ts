import { type FileHandle, mkdtemp, open, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { bytesOf } from '../../src/array/byte-blocks.ts';
import { PIECE_BYTES, ReadingCheck } from '../../src/model/reading-check.ts';
import { openSafetensors, writeSafetensors } from '../../src/model/safetensors.ts';
import { type Tensor, tensorOf } from '../../src/model/safetensors-format.ts';
import { draws } from '../support/property-seed.ts';

let folder: string;
let path: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'taurec-safetensors-'));
  path = join(folder, 'x.safetensors');
});
afterAll(() => rm(folder, { recursive: true }));

/** Comparing millions of numbers by `toEqual` takes ten seconds, and their difference all memory. */
const sameBytes = (a: ArrayBufferView, b: ArrayBufferView) => Buffer.compare(bytesOf(a), bytesOf(b)) === 0;

/** The published format, read by a program of its own: header length (u64, little-endian), JSON, data; offsets count from the data's start. */
async function parseIndependently(file: string) {
  const bytes = await readFile(file);
  const headerLength = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + headerLength));
  const widths: Record<string, number> = {
    F64: 8,
    I64: 8,
    U64: 8,
    F32: 4,
    I32: 4,
    U32: 4,
    I16: 2,
    U16: 2,
    I8: 1,
    U8: 1,
  };
  const read: Record<string, (b: Buffer, at: number) => number | bigint> = {
    F64: (b, at) => b.readDoubleLE(at),
    I64: (b, at) => b.readBigInt64LE(at),
    U64: (b, at) => b.readBigUInt64LE(at),
    F32: (b, at) => b.readFloatLE(at),
    I32: (b, at) => b.readInt32LE(at),
    U32: (b, at) => b.readUInt32LE(at),
    I16: (b, at) => b.readInt16LE(at),
    U16: (b, at) => b.readUInt16LE(at),
    I8: (b, at) => b.readInt8(at),
    U8: (b, at) => b.readUInt8(at),
  };
  const { __metadata__: metadata, ...described } = header;
  const tensors: Record<string, { type: string; shape: number[]; values: (number | bigint)[]; begin: number }> = {};
  for (const [name, d] of Object.entries<{ dtype: string; shape: number[]; data_offsets: [number, number] }>(
    described,
  )) {
    const width = widths[d.dtype]!;
    const data = bytes.subarray(8 + headerLength);
    const values = [];
    for (let at = d.data_offsets[0]; at < d.data_offsets[1]; at += width) values.push(read[d.dtype]!(data, at));
    expect((8 + headerLength + d.data_offsets[0]) % width).toBe(0);
    tensors[name] = { type: d.dtype, shape: d.shape, values, begin: d.data_offsets[0] };
  }
  return { metadata, tensors, firstByte: bytes[8], dataBytes: bytes.length - 8 - headerLength };
}

/** A file made by hand from a header and data. */
async function foreign(header: unknown, data: Uint8Array = new Uint8Array(0), pad = 0) {
  const json = Buffer.from(JSON.stringify(header) + ' '.repeat(pad));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  await writeFile(path, Buffer.concat([length, json, data]));
}

const array = fc.oneof(
  fc.float32Array({ noNaN: true, maxLength: 9 }),
  fc.float64Array({ noNaN: true, maxLength: 9 }),
  fc.int32Array({ maxLength: 9 }),
  fc.uint32Array({ maxLength: 9 }),
  fc.int16Array({ maxLength: 9 }),
  fc.uint8Array({ maxLength: 9 }),
  fc.bigInt64Array({ maxLength: 9 }),
);
const tensors = fc.dictionary(
  fc.string({ unit: 'grapheme' }).filter((name) => name !== '__metadata__' && name !== '__proto__'),
  array.map((data): Tensor => ({ shape: [1, data.length], data })),
  { noNullPrototype: true },
);
const metadata = fc.dictionary(
  fc.string({ unit: 'grapheme' }).filter((name) => name !== '__proto__'),
  fc.string({ unit: 'grapheme' }),
  { noNullPrototype: true },
);

describe('safetensors', () => {
  it('what was written is what an independent reader and our own reader find', async () => {
    await fc.assert(
      fc.asyncProperty(tensors, metadata, async (written, facts) => {
        await writeSafetensors(path, written, facts);
        const independent = await parseIndependently(path);
        expect(independent.firstByte).toBe('{'.charCodeAt(0));
        expect(independent.metadata).toEqual(facts);
        const opened = await openSafetensors(path);
        expect(opened.metadata).toEqual(facts);
        expect([...opened.tensors.keys()].sort()).toEqual(Object.keys(written).sort());
        for (const [name, tensor] of Object.entries(written)) {
          expect(independent.tensors[name]!.shape).toEqual(tensor.shape);
          expect(independent.tensors[name]!.values).toEqual(Array.from(tensor.data as Iterable<number>));
          expect(opened.tensors.get(name)).toEqual(tensor);
        }
      }),
      draws(60),
    );
  });

  it('every tensor has shared memory of its own, in whole words', async () => {
    await writeSafetensors(path, {
      a: { shape: [2], data: new Float32Array([1, 2]) },
      b: { shape: [3], data: new Uint8Array([1, 2, 3]) },
    });
    const { tensors } = await openSafetensors(path);
    for (const [name, bytes] of Object.entries({ a: 8, b: 4 })) {
      const { buffer } = tensors.get(name)!.data;
      expect(buffer).toBeInstanceOf(SharedArrayBuffer);
      expect(buffer.byteLength).toBe(bytes);
    }
  });

  it('reads tensors longer than a piece, and more of them than one call of the system takes', async () => {
    const long = Uint32Array.from({ length: 3_000_001 }, (_, i) => i * 2654435761);
    const written = Object.fromEntries(
      Array.from({ length: 1500 }, (_, n) => [`${n}`, { shape: [n % 7], data: new Uint8Array(n % 7).fill(n) }]),
    );
    const digest = await writeSafetensors(path, { ...written, long: { shape: [long.length], data: long } });
    const { tensors } = await openSafetensors(path, { digest });
    expect(sameBytes(tensors.get('long')!.data, long)).toBe(true);
    for (const [name, { data }] of Object.entries(written)) expect(tensors.get(name)!.data).toEqual(data);
  });

  it('a file that ends or fails in the middle is refused once all pieces have ended, and is closed', async () => {
    const data = new Uint8Array(5 * PIECE_BYTES + 3);
    await writeSafetensors(path, { x: { shape: [data.length], data } }, {}, { signed: true });
    const handle = await open(path);
    await handle.close();
    const proto: FileHandle = Object.getPrototypeOf(handle);
    const { readv } = proto;
    const links = async () => {
      const names = await readdir('/proc/self/fd');
      return Promise.all(names.map((name) => readlink(`/proc/self/fd/${name}`).catch(() => '')));
    };
    for (const check of [new ReadingCheck(0), new ReadingCheck(2 ** 30)]) {
      for (const failing of [1, 2, 3, 6]) {
        let begun = 0;
        let running = 0;
        const fault = failing % 2 ? 'EIO: i/o error, read' : 'it was truncated while it was being read';
        const spy = vi.spyOn(proto, 'readv').mockImplementation(async function (this: FileHandle, ...call) {
          const number = ++begun;
          running++;
          try {
            if (number === failing && failing % 2) throw new Error(fault);
            const read = await readv.apply(this, call);
            return number === failing ? { ...read, bytesRead: 0 } : read;
          } finally {
            running--;
          }
        });
        try {
          await expect(openSafetensors(path, { signed: true, check })).rejects.toMatchObject({
            code: 'bad-safetensors',
            message: expect.stringContaining(`${path}: not a readable safetensors file: ${fault}.`),
          });
        } finally {
          spy.mockRestore();
        }
        expect(running).toBe(0);
        expect(await links()).not.toContain(path);
      }
      const { tensors } = await openSafetensors(path, { signed: true, check });
      expect(sameBytes(tensors.get('x')!.data, data)).toBe(true);
      check.close();
    }
  });

  it('writes a table in pieces', async () => {
    const pieces = [new Float32Array([1, 2]), new Float32Array([3, 4, 5, 6])];
    await writeSafetensors(path, { t: { shape: [3, 2], type: 'F32', pieces: () => pieces } });
    expect((await openSafetensors(path)).tensors.get('t')).toEqual({
      shape: [3, 2],
      data: new Float32Array([1, 2, 3, 4, 5, 6]),
    });
  });

  it('keeps the old file and leaves nothing behind when the data does not fill its shape', async () => {
    await writeSafetensors(path, { t: { shape: [1], data: new Float32Array([7]) } });
    await expect(writeSafetensors(path, { t: { shape: [2], data: new Float32Array([8]) } })).rejects.toThrow(
      /4 bytes for F32 \[2\], expected 8/,
    );
    expect((await openSafetensors(path)).tensors.get('t')!.data).toEqual(new Float32Array([7]));
    expect(await readdir(folder)).toEqual(['x.safetensors']);
  });

  it('refuses every truncation, and a byte too many', async () => {
    await writeSafetensors(path, {
      a: { shape: [2], data: new Float32Array([1, 2]) },
      b: { shape: [1], data: new Uint8Array([3]) },
    });
    const whole = await readFile(path);
    for (let length = 0; length < whole.length; length++) {
      await writeFile(path, whole.subarray(0, length));
      await expect(openSafetensors(path), `${length} bytes`).rejects.toMatchObject({ code: 'bad-safetensors' });
    }
    await writeFile(path, Buffer.concat([whole, Buffer.from([0])]));
    await expect(openSafetensors(path)).rejects.toThrow(/holds 10 bytes of data, expected 9/);
  });

  it('opens a foreign file whose tensors are not aligned', async () => {
    const data = Buffer.alloc(9);
    data[0] = 5;
    data.writeFloatLE(1.5, 1);
    data.writeFloatLE(-2, 5);
    await foreign(
      { a: { dtype: 'U8', shape: [1], data_offsets: [0, 1] }, b: { dtype: 'F32', shape: [2], data_offsets: [1, 9] } },
      data,
      3,
    );
    const { tensors } = await openSafetensors(path);
    expect(tensors.get('a')!.data).toEqual(new Uint8Array([5]));
    expect(tensors.get('b')!.data).toEqual(new Float32Array([1.5, -2]));
  });

  const f32 = (begin: number, end: number, shape = [(end - begin) / 4]) => ({
    dtype: 'F32',
    shape,
    data_offsets: [begin, end],
  });
  it.each<[string, unknown, number, RegExp]>([
    ['a list', [1], 0, /not a JSON object/],
    ['metadata that is no text', { __metadata__: { a: 1 } }, 0, /"__metadata__" must map names to strings/],
    [
      'an unknown element type',
      { t: { dtype: 'F8', shape: [1], data_offsets: [0, 1] } },
      1,
      /"t": element type "F8" is not one of/,
    ],
    ['a negative shape', { t: f32(0, 4, [-1]) }, 4, /shape \[-1\]/],
    ['a fractional shape', { t: f32(0, 4, [1.5]) }, 4, /shape \[1.5\]/],
    ['offsets the wrong way round', { t: f32(8, 4, [1]) }, 8, /offsets \[8,4\]/],
    ['a shape that does not fit', { t: f32(0, 8, [3]) }, 8, /8 bytes, expected 12 for F32 \[3\]/],
    ['overlapping tensors', { a: f32(0, 8), b: f32(4, 12) }, 12, /"b" overlaps/],
    ['a gap', { a: f32(0, 4), b: f32(8, 12) }, 12, /"b" leaves a gap/],
    ['offsets beyond the file', { a: f32(0, 4), b: f32(4, 40) }, 8, /cut short: 8 bytes of data, expected 40/],
  ])('refuses %s', async (_, header, bytes, message) => {
    await foreign(header, new Uint8Array(bytes));
    await expect(openSafetensors(path)).rejects.toThrow(message);
    await expect(openSafetensors(path)).rejects.toThrow(path);
  });

  it('refuses other kinds of file', async () => {
    for (const content of ['user,item\n1,2\n', 'PK\u0003\u0004 and more of it', '\u0000'.repeat(64)]) {
      await writeFile(path, content);
      await expect(openSafetensors(path), content).rejects.toMatchObject({ code: 'bad-safetensors' });
    }
    await expect(openSafetensors(join(folder, 'none'))).rejects.toThrow(/it does not exist/);
  });

  it('tensorOf checks name, type and shape', async () => {
    await writeSafetensors(path, { t: { shape: [2, 1], data: new Float32Array([1, 2]) } });
    const file = await openSafetensors(path);
    expect(tensorOf(file, 't', 'F32', [-1, 1]).data).toEqual(new Float32Array([1, 2]));
    expect(() => tensorOf(file, 'u', 'F32', [2, 1])).toThrow(/"u" is missing, expected F32 \[2, 1\]/);
    expect(() => tensorOf(file, 't', 'I32', [2, 1])).toThrow(/"t" is F32 \[2, 1\], expected I32 \[2, 1\]/);
    expect(() => tensorOf(file, 't', 'F32', [-1, 3])).toThrow(/"t" is F32 \[2, 1\], expected F32 \[…, 3\]/);
  });
});
