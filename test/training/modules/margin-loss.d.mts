import type { Loss, ScoreGradients, ScoreRow } from '../../../src/loss/loss.ts';

export class MarginLoss implements Loss {
  name: string;
  parameters: Record<string, number>;
  allowsDotScores: boolean;
  constructor(options?: { margin?: number });
  evaluate(scores: ScoreRow, gradients: ScoreGradients): number;
}

export class FatalLoss extends MarginLoss {}
