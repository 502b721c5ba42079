/**
 * Measures how time and memory grow from 1 to 50 million interactions, one process per size.
 *
 *     node bench/scale.mjs [--max MILLIONS] [--cap SECONDS] [--threads N] [--dimension N] [--seed N] [--json]
 */
import { parseArgs } from 'node:util';
import { machine } from './speed/machine.mjs';
import { printReport } from './speed/report.mjs';
import { runCase, scaleCases, scaleReports, scaleRow } from './speed/scale.mjs';

const { values } = parseArgs({
  options: {
    max: { type: 'string', default: '50' },
    cap: { type: 'string', default: '900' },
    threads: { type: 'string', default: '2' },
    dimension: { type: 'string', default: '64' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});
const results = [];
for (const scaleCase of scaleCases({
  max: Number(values.max) * 1e6,
  seed: Number(values.seed),
  threads: Number(values.threads),
  dimension: Number(values.dimension),
})) {
  const result = await runCase(scaleCase, Number(values.cap));
  results.push(result);
  if (!values.json) console.error(JSON.stringify(scaleRow(result)));
}
const reports = await scaleReports(results);
if (values.json) console.log(JSON.stringify({ machine: machine(), reports }, null, 2));
else for (const report of reports) printReport(report);
process.exitCode = results.some(({ run }) => !run) ? 1 : 0;
