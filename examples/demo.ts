// Estimates, through the service, how much each measurement of 442 diabetes patients says about
// the progression of their disease one year later. Run it with: npm run demo
import { readFile } from 'node:fs/promises';
import { ROOT } from '../scripts/root.js';
import { endProcess, startService } from '../scripts/start-service.js';

/** Width of the longest bar, in characters. */
const BAR = 32;

/** The part of a reply that the table shows. */
interface Reply {
  estimate: number;
  interval: { lower: number; upper: number };
  samples: { rows: number };
  model: { id: string; version: string };
  warnings: { code: string }[];
}

interface Row extends Reply {
  name: string;
}

const csv = await readFile(`${ROOT}examples/diabetes.csv`, 'utf8');
const [header = ''] = csv.split('\n', 1);
const measurements = header.split(',').filter((name) => name !== 'target');
const service = await startService({ LOG_LEVEL: 'error' });
try {
  const rows: Row[] = [];
  for (const x of [...measurements, 'bmi,bp']) {
    rows.push({ name: x.replace(',', ', '), ...(await estimate(x)) });
  }
  print(rows);
} finally {
  await endProcess(service.child);
}

/** @param x the columns of one side, separated by commas; the other side is the target. */
async function estimate(x: string): Promise<Reply> {
  const response = await fetch(`${service.url}/estimate?x=${x}&y=target`, {
    method: 'POST',
    headers: { 'content-type': 'text/csv' },
    body: csv,
  });
  if (!response.ok) throw new Error(await response.text());
  return (await response.json()) as Reply;
}

function print(rows: readonly Row[]): void {
  const { samples, model } = rows[0] as Row;
  const scale = BAR / Math.max(...rows.map(({ interval }) => interval.upper));
  console.log(`
Mutual information with disease progression, ${samples.rows} patients, in nats
(model ${model.id} ${model.version}; see examples/README.md for the data)

  ${'measured'.padEnd(9)} estimate  90 % interval   0${' '.repeat(BAR - 5)}${(BAR / scale).toFixed(2)}  warnings`);
  for (const { name, estimate, interval, warnings } of rows) {
    const { lower, upper } = interval;
    const cells = (value: number) => Math.round(value * scale);
    const bar = '█'.repeat(cells(lower)).padEnd(cells(estimate), '▓').padEnd(cells(upper), '░');
    const codes = warnings.map(({ code }) => code).join(', ');
    console.log(
      `  ${name.padEnd(9)} ${estimate.toFixed(3).padStart(8)}  ${lower.toFixed(3)} … ${upper.toFixed(3)}   ${bar.padEnd(BAR)}  ${codes}`.trimEnd(),
    );
  }
  console.log(`
  █ up to the interval's lower end, ▓ up to the estimate, ░ up to the upper end

Keep it running: npm start
Then: http://127.0.0.1:3000/docs describes every route and lets you try it,
      curl http://127.0.0.1:3000/estimate -H 'content-type: application/json' \\
        -d '{"x": [1, 2, 3, 4, 5, 6, 7, 8], "y": [2, 1, 4, 3, 6, 5, 8, 7]}'
`);
}
