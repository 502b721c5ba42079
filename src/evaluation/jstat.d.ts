/** What taurec uses of jstat, which brings no types. */
declare module 'jstat' {
  const jstat: {
    /** The regularised incomplete beta function I_x(a, b). */
    ibeta(x: number, a: number, b: number): number;
    readonly normal: {
      /** Φ((x − mean)/deviation). */
      cdf(x: number, mean: number, deviation: number): number;
      /** Its inverse. */
      inv(p: number, mean: number, deviation: number): number;
    };
  };
  export default jstat;
}
