/** Few pairs of items occur together, and those lie many deviations above the mean: their log weights are clipped. */
const together = { similarity: 'co-occurrence', clip: 2 };

const hardAndSimilar = { kappaHardness: -0.3, kappaSimilarity: 0.3 };
/** All negatives of a row are in the slate. */
const byNumber = { competition: 0.3, intensity: 'number', size: 2000 };

/**
 * The members of the family that the search tries: options by name, besides τ and λ. Records name them, so a name keeps its options forever. A new member is a new line: the search trains it on the rungs that it has missed.
 *
 * Letters: h hardness, c cosine, o co-occurrence, x product of hardness and similarity, t temperature. A number is the strength.
 *
 * @type {Readonly<Record<string, Readonly<Record<string, unknown>>>>}
 */
export const members = {
  // today's default of `dsl`
  dsl: { kappaHardness: -0.3, competition: -0.5 },
  // first branch, hardness alone
  'h score +.3': { kappaHardness: 0.3 },
  'h score -.3': { kappaHardness: -0.3 },
  'h rank +.5': { hardness: 'rank', kappaHardness: 0.5 },
  'h rank -.5': { hardness: 'rank', kappaHardness: -0.5 },
  'h log-rank +.5': { hardness: 'log-rank', kappaHardness: 0.5 },
  'h log-rank -.5': { hardness: 'log-rank', kappaHardness: -0.5 },
  'h share +.3': { hardness: 'share', kappaHardness: 0.3 },
  'h share -.3': { hardness: 'share', kappaHardness: -0.3 },
  'h score +1 clip 1': { kappaHardness: 1, clip: 1 },
  'h score -1 clip 1': { kappaHardness: -1, clip: 1 },
  // similarity alone
  'c +.3': { kappaSimilarity: 0.3 },
  'c -.3': { kappaSimilarity: -0.3 },
  'c +.8': { kappaSimilarity: 0.8 },
  'c -.8': { kappaSimilarity: -0.8 },
  'c +.5 by user': { kappaSimilarity: 0.5, by: 'user' },
  'c -.5 by user': { kappaSimilarity: -0.5, by: 'user' },
  'o +.3': { kappaSimilarity: 0.3, ...together },
  'o -.3': { kappaSimilarity: -0.3, ...together },
  'o -1': { kappaSimilarity: -1, ...together },
  'o +.5 by user': { kappaSimilarity: 0.5, by: 'user', ...together },
  'o -.5 by user': { kappaSimilarity: -0.5, by: 'user', ...together },
  // hardness and similarity, multiplied and added
  'x c +.3': { kappaProduct: 0.3, clip: 3 },
  'x c -.3': { kappaProduct: -0.3, clip: 3 },
  'x o -.3': { kappaProduct: -0.3, ...together },
  'x o +.3': { kappaProduct: 0.3, ...together },
  'h +.3 c +.3': { kappaHardness: 0.3, kappaSimilarity: 0.3 },
  'h -.3 c +.3': hardAndSimilar,
  'h +.3 c -.3': { kappaHardness: 0.3, kappaSimilarity: -0.3 },
  'h -.3 c -.3': { kappaHardness: -0.3, kappaSimilarity: -0.3 },
  'h -.3 c +.6': { kappaHardness: -0.3, kappaSimilarity: 0.6 },
  'h -.6 c +.3': { kappaHardness: -0.6, kappaSimilarity: 0.3 },
  'h -.6 c +.6': { kappaHardness: -0.6, kappaSimilarity: 0.6 },
  'h -.6 c +1': { kappaHardness: -0.6, kappaSimilarity: 1 },
  // second branch alone
  't gap +.5': { competition: 0.5 },
  't gap -.5': { competition: -0.5 },
  't gap -.5 M 8': { competition: -0.5, size: 8 },
  't gap +.5 M 8': { competition: 0.5, size: 8 },
  't gap -.5 M 400': { competition: -0.5, size: 400 },
  't gap -.5 batch': { competition: -0.5, moments: 'batch' },
  't mass +.3': { competition: 0.3, intensity: 'mass' },
  't mass -.3': { competition: -0.3, intensity: 'mass' },
  't number +.3': byNumber,
  't number -.3': { competition: -0.3, intensity: 'number', size: 2000 },
  't similar +.3': { competition: 0.3, slate: 'similar' },
  't similar -.3': { competition: -0.3, slate: 'similar' },
  // an example divided by its own temperature
  't gap +.5 own': { competition: 0.5, divisor: 'own' },
  't gap -.5 own': { competition: -0.5, divisor: 'own' },
  't mass +.3 own': { competition: 0.3, intensity: 'mass', divisor: 'own' },
  't mass -.3 own': { competition: -0.3, intensity: 'mass', divisor: 'own' },
  't number +.3 own': { ...byNumber, divisor: 'own' },
  't number -.3 own': { competition: -0.3, intensity: 'number', size: 2000, divisor: 'own' },
  't number +.6': { competition: 0.6, intensity: 'number', size: 2000 },
  // both branches
  'h -.3 c +.3 t number +.3': { ...hardAndSimilar, ...byNumber },
  'h -.3 c +.3 t number +.3 own': { ...hardAndSimilar, ...byNumber, divisor: 'own' },
  'h -.3 c +.3 t gap -.5': { ...hardAndSimilar, competition: -0.5 },
  'h -.3 c +.3 t gap +.5': { ...hardAndSimilar, competition: 0.5 },
  'h -.3 c +.3 t mass -.3': { ...hardAndSimilar, competition: -0.3, intensity: 'mass' },
  'h -.3 c +.3 t gap +.5 own': { ...hardAndSimilar, competition: 0.5, divisor: 'own' },
  'h -.3 c +.3 t gap -.5 own': { ...hardAndSimilar, competition: -0.5, divisor: 'own' },
};
