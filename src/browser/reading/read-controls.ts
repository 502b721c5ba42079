/** How far a reader is. */
export interface ReadProgress {
  /** The file that is read. */
  readonly file: string;
  /** Bytes of it that were read, as they are stored. */
  readonly bytes: number;
  /** Its size in bytes. */
  readonly totalBytes: number;
}

/** Watches and stops a reader. */
export interface ReadControls {
  /** Stops reading with the error `aborted`. */
  readonly signal?: AbortSignal;
  /** Receives how far the reader is, for every megabyte and at the end of each file. A source is read twice where kinds of events expire. */
  readonly onProgress?: (progress: ReadProgress) => void;
}
