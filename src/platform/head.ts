/** Bytes read to detect the format of a file (256 KiB). */
export const headBytes = 1 << 18;

/** The beginning of a file, decompressed. */
export interface FileHead {
  /** True if the file is compressed with gzip. */
  gzip: boolean;
  bytes: Uint8Array;
  /** True if `bytes` is the whole file. */
  whole: boolean;
}

/** The text of a head, without a byte order mark. If the file continues, the text ends at the last line end, so that no line is partial. */
export function headText(head: FileHead): string {
  const text = new TextDecoder().decode(head.bytes).replace(/^\uFEFF/, '');
  return head.whole ? text : text.slice(0, text.lastIndexOf('\n') + 1) || text;
}
