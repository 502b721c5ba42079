import fc from 'fast-check';

/**
 * Property tests draw new cases every time, so that every run on somebody's machine searches further. Continuous integration draws the same ones always, or those of $TAUREC_PROPERTY_SEED:
 * there a failure must come from the change, not from the draw.
 */
const seed = process.env.TAUREC_PROPERTY_SEED ?? (process.env.CI ? '20240513' : undefined);
if (seed !== undefined) fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(seed) });
