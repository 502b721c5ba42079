import { TaurecError } from '../errors.ts';

/** A browser has no folder to keep checkpoints in. */
export class CheckpointFile {
  constructor(directory: string) {
    const expected = 'nothing in a browser, which has no folders';
    throw new TaurecError('bad-option', { option: 'checkpointDirectory', got: directory, expected });
  }
}
