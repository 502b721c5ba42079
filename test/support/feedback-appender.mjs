// Appends batches to a feedback log for ever, four at a time, and prints the number of each one that is acknowledged. Made to be killed.
// node feedback-appender.mjs PLACE ROUND SIZE
import { writeSync } from 'node:fs';
import { openFeedback } from '../../dist/feedback/open-feedback.js';

const [place = '', round = '', size = '1'] = process.argv.slice(2);
const log = await openFeedback(place);
let next = 0;

async function append() {
  for (;;) {
    const batch = next++;
    const events = Array.from({ length: Number(size) }, (_, n) => ({
      user: `round ${round}`,
      item: `${batch}`,
      time: n,
      id: `${round} ${batch} ${n}`,
    }));
    await log.append(events);
    writeSync(1, `${batch}\n`);
  }
}

await Promise.all([append(), append(), append(), append()]);
