import type { Loss } from '../../../src/loss/loss.ts';

export default class EveryNeed implements Loss {
  readonly name: string;
  readonly parameters: Loss['parameters'];
  readonly allowsDotScores: boolean;
  readonly needs: NonNullable<Loss['needs']>;
  readonly initialGlobalState: readonly number[];
  evaluate: Loss['evaluate'];
  updateStates: NonNullable<Loss['updateStates']>;
}
