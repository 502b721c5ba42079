/** What a trained model's scores say about its temperature; means over a sample of users. */
export interface ScoreAnalysis {
  /** Users looked at. */
  readonly users: number;
  /** τ of the negative side that the quantities below were computed at. */
  readonly tau: number;
  /** Mean and variance of a user's scores of items outside the training positives. */
  readonly negativeMean: number;
  readonly negativeVariance: number;
  /** The same of the training positives. */
  readonly positiveMean: number;
  readonly positiveVariance: number;
  /** Worst-case weights p_j ∝ exp(s_uj/τ): 1/Σp² as a part of the negatives, in (0, 1]. */
  readonly effectiveShare: number;
  /** KL(p‖uniform): the robust radius η that τ buys. */
  readonly radius: number;
  /** sqrt(Var/(2η)): the temperature that the second order of the loss matches with the radius. */
  readonly predictedTau: number;
  /** Quantiles of n·p_j (1 = uniform) over all looked-at negatives: the distribution of the worst-case weights. */
  readonly weightQuantiles: readonly { readonly quantile: number; readonly weight: number }[];
}
