/** What an endpoint answers; the frame of every request adds the headers that all answers have. */
export interface Reply {
  readonly status?: number;
  /** Default `application/json`. */
  readonly type?: string;
  readonly body: string | Uint8Array<ArrayBuffer> | null;
  readonly headers?: Readonly<Record<string, string>>;
}

export const jsonReply = (value: unknown, status = 200): Reply => ({ status, body: JSON.stringify(value) });
