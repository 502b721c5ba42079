/**
 * A loss of no merit that asks the engine for everything: with m(k) the two numbers kept of the user, h_j the one of each item and g the two of all,
 *
 *     value = (1 + m_0 + g_0) · E_i E_j (1 + c_ij/2) (1 + h_j) (s_j − s_i)
 */
export default class EveryNeed {
  name = 'every need';
  parameters = {};
  allowsDotScores = true;
  needs = { itemSimilarity: true, userState: 2, itemState: true, globalState: 2 };
  initialGlobalState = [0.25, 0];

  evaluate({ positives, negatives, negativeWeights }, gradients, { itemSimilarity, states }) {
    const weights = negativeWeights ?? negatives.map(() => 1);
    const total = weights.reduce((a, b) => a + b, 0) * positives.length;
    const factor = 1 + states.user[0] + states.global[0];
    gradients.positives.fill(0);
    gradients.negatives.fill(0);
    let value = 0;
    for (let i = 0; i < positives.length; i++) {
      const similarity = itemSimilarity(i);
      let pull = 0;
      for (let j = 0; j < negatives.length; j++) {
        const a = total > 0 ? (factor * weights[j] * (1 + similarity[j] / 2) * (1 + states.items[j])) / total : 0;
        value += a * (negatives[j] - positives[i]);
        gradients.negatives[j] += a;
        pull += a;
      }
      gradients.positives[i] = -pull;
      states.userUpdate[0] += positives[i] / positives.length;
    }
    states.userUpdate[1] = 1;
    for (let j = 0; j < negatives.length; j++) states.itemUpdates[j] = weights[j] > 0 ? negatives[j] : 0;
    states.globalUpdate[0] = value;
    states.globalUpdate[1] = 1;
    return value;
  }

  startEpoch({ epoch, users, items, global }) {
    global[1] += epoch;
    for (let u = 0; u < users.length; u += 2) users[u] *= 0.5;
    for (let i = 0; i < items.length; i++) items[i] *= 0.75;
  }

  updateStates({ epoch, rows, global, globalSum, users, items, touchedItems, itemSums }) {
    if (globalSum[1] !== rows) throw new Error(`${globalSum[1]} rows of ${rows}`);
    global[0] = 0.9 * global[0] + (0.1 * globalSum[0]) / rows;
    global[1] = epoch;
    for (const { state, sum, rows: count } of users) {
      state[0] = 0.5 * state[0] + (0.5 * sum[0]) / count;
      state[1] += sum[1];
    }
    touchedItems.forEach((item, t) => {
      items[item] = 0.9 * items[item] + (0.1 * itemSums[t]) / rows;
    });
  }
}
