import { log1p4 } from './softplus';
import { exp4, loadSome, madd, sigmoid4, storeSome, sumLanes } from './vector';

/**
 * One side (positives or negatives) of a row of the lower-left partial AUC loss (src/loss/llpauc.ts). With f_j = σ(x_j · inverseTau),
 * u_j = 2(1 + γ) f_j + sign · (f_j − centre)² − threshold, `slope` = 2(1 + γ) and κ = 5:
 * returns Σ_j w_j softplus(κ u_j); writes gradients_j = share · w_j σ(κ u_j) · df_j/dx_j · ∂u_j/∂f_j and result[0 … 2] = Σ_j w_j σ(κ u_j) · (1, f_j − centre, f_j) as f32.
 * `x`, `weights` and `gradients` are [n] floats. `weights` may be 0 (all 1); weight 0 masks. The last vector is filled up with entries of weight 0, so one loop
 * serves all n.
 */
export function partialAucRow(
  x: usize, n: i32, inverseTau: f32, slope: f32, sign: f32, centre: f32, threshold: f32, share: f32, weights: usize, gradients: usize, result: usize,
): f32 {
  const zero = f32x4.splat(0);
  const one = f32x4.splat(1);
  let values = zero;
  let slopes = zero;
  let aways = zero;
  let fs = zero;
  for (let i = 0; i < n; i += 4) {
    const left = n - i;
    const s = left >= 4 ? v128.load(x + (i << 2)) : loadSome(x + (i << 2), left);
    let w = one;
    if (weights) w = left >= 4 ? v128.load(weights + (i << 2)) : loadSome(weights + (i << 2), left);
    else if (left < 4) w = f32x4(1, left > 1 ? 1 : 0, left > 2 ? 1 : 0, 0);
    const f = sigmoid4(f32x4.mul(s, f32x4.splat(inverseTau)));
    const away = f32x4.sub(f, f32x4.splat(centre));
    const signed = f32x4.mul(f32x4.splat(sign), away);
    const u = f32x4.mul(f32x4.splat(5), madd(f32x4.splat(slope), f, f32x4.sub(f32x4.mul(signed, away), f32x4.splat(threshold))));
    const e = exp4(f32x4.neg(f32x4.abs(u)));
    const softplus = f32x4.add(f32x4.pmax(zero, u), log1p4(e));
    const weighted = f32x4.mul(w, f32x4.div(v128.bitselect(one, e, f32x4.ge(u, zero)), f32x4.add(one, e)));
    values = madd(w, softplus, values);
    slopes = f32x4.add(slopes, weighted);
    aways = madd(weighted, away, aways);
    fs = madd(weighted, f, fs);
    // ∂u/∂f and, with σ' = f (1 − f), share · df/dx
    const byF = madd(f32x4.splat(2), signed, f32x4.splat(slope));
    const byX = f32x4.mul(f32x4.mul(f, f32x4.sub(one, f)), f32x4.splat(share * inverseTau));
    const gradient = f32x4.mul(f32x4.mul(weighted, byF), byX);
    if (left >= 4) v128.store(gradients + (i << 2), gradient);
    else storeSome(gradients + (i << 2), gradient, left);
  }
  store<f32>(result, sumLanes(slopes));
  store<f32>(result, sumLanes(aways), 4);
  store<f32>(result, sumLanes(fs), 8);
  return sumLanes(values);
}
