import { Gunzip } from 'fflate';

/**
 * The bytes of a gzip stream, which may have several members, each checked against its checksum. fflate serves every browser, and unlike the browsers' own
 * `DecompressionStream` it reads streams of several members, as bgzip and `cat a.gz b.gz` write them.
 * @throws Error for a stream that is broken or cut off
 */
export async function* gunzipped(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const stream = new CheckedStream();
  for await (const piece of pieces) yield* stream.push(piece);
  yield* stream.end();
}

/** The bytes that the beginning of a gzip file holds. @throws Error where it is none */
export function gunzippedHead(head: Uint8Array): Uint8Array {
  return concatenated(new CheckedStream().push(head));
}

/** One array of all pieces. */
export function concatenated(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/** fflate unpacks; the checksums, which it passes over, are compared here. */
class CheckedStream {
  private readonly stream: Gunzip;
  private output: Uint8Array[] = [];
  private crc = 0xffffffff;
  private length = 0;
  /** The last two packed pieces: the end of a member is in them when the next one is found. */
  private recent: Uint8Array[] = [];
  private total = 0;

  constructor() {
    this.stream = new Gunzip((piece) => {
      this.crc = crcAfter(this.crc, piece);
      this.length = (this.length + piece.length) >>> 0;
      if (piece.length > 0) this.output.push(piece);
    });
    // The eight bytes before a member are the checksum and the length of the one before.
    this.stream.onmember = (start) => this.checkMember(start);
  }

  push(piece: Uint8Array): Uint8Array[] {
    // A short piece is joined with the one before, so that two pieces always hold the end of a member.
    const last = this.recent.at(-1);
    this.recent =
      last && last.length < 1024
        ? [...this.recent.slice(0, -1), concatenated([last, piece])]
        : [...this.recent.slice(-1), piece];
    this.total += piece.length;
    this.stream.push(piece);
    return this.take();
  }

  end(): Uint8Array[] {
    this.stream.push(new Uint8Array(0), true);
    this.checkMember(this.total);
    return this.take();
  }

  private take(): Uint8Array[] {
    const { output } = this;
    this.output = [];
    return output;
  }

  private checkMember(end: number): void {
    const recent = concatenated(this.recent);
    const at = recent.length - (this.total - end) - 8;
    if (at < 0) throw new Error('unexpected end of file');
    const view = new DataView(recent.buffer, at, 8);
    if (view.getUint32(0, true) !== (this.crc ^ 0xffffffff) >>> 0) throw new Error('incorrect data check');
    if (view.getUint32(4, true) !== this.length) throw new Error('incorrect length check');
    this.crc = 0xffffffff;
    this.length = 0;
  }
}

/** The table of CRC-32 for the reversed polynomial. */
const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

function crcAfter(crc: number, bytes: Uint8Array): number {
  let value = crc;
  for (let at = 0; at < bytes.length; at++) value = table[(value ^ bytes[at]!) & 255]! ^ (value >>> 8);
  return value;
}
