import { existsSync } from 'node:fs';

const places = [
  process.env.TAUREC_CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];
/** The program; undefined where there is none. */
export const chromiumPath = places.find((place) => place && existsSync(place));
/** What the title of a test without Chromium ends with; empty where there is one. */
export const chromiumMissing = chromiumPath
  ? ''
  : ' (skipped: no Chromium at /usr/bin/chromium; set TAUREC_CHROMIUM to one)';
/** Flags of a browser that asks nobody and nothing beyond this machine. */
export const chromiumFlags =
  '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync'.split(
    ' ',
  );
