import { TaurecError } from '../errors.ts';

/** Replaces the checkpoint file of Node in a browser, which has no folders: the option `checkpointDirectory` throws `bad-option`. */
export class CheckpointFile {
  constructor(directory: string) {
    const expected = 'no value, because a browser has no folders';
    throw new TaurecError('bad-option', { option: 'checkpointDirectory', got: directory, expected });
  }
}
