// Measures the service next to its rivals, in turns on one machine, so that a disturbance affects
// them all. Run it with: npm run bench [-- --help]
import { parseArgs } from 'node:util';
import { ensureVenv } from '../scripts/python.js';
import { ROOT } from '../scripts/root.js';
import { benchAnalyses } from './analyses/run.js';
import { benchDid } from './did.js';
import { benchDiscrete } from './discrete/run.js';
import { benchEstimate } from './estimate.js';
import { stopAll } from './processes.js';

const USAGE = `npm run bench [-- [<what>] [--quick]]

  estimate (default)     POST /estimate next to bare ONNX Runtime, FastAPI and KSG
  analyses [<part> …]    calibration, power and speed of the analyses; default: all parts
  did                    POST /did/pairs next to NumPy
  discrete               accuracy of estimates from tables of labels

  --quick    small sizes that only show that everything runs; saves no figures`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const [what = 'estimate', ...parts] = positionals;
const benchmarks = {
  estimate: () => benchEstimate(rivalsPython(), values.quick),
  analyses: () => benchAnalyses(rivalsPython(), values.quick, parts),
  did: () => benchDid(rivalsPython(), values.quick),
  discrete: () => benchDiscrete(values.quick),
};

if (values.help) {
  console.log(USAGE);
} else if (!Object.hasOwn(benchmarks, what) || (parts.length > 0 && what !== 'analyses')) {
  console.error(`Unknown benchmark: ${positionals.join(' ')}\n\n${USAGE}`);
  process.exitCode = 2;
} else {
  try {
    await benchmarks[what as keyof typeof benchmarks]();
  } finally {
    await stopAll();
  }
}

/** Path of the python that has the rivals' packages. */
function rivalsPython(): string {
  const requirements = `${ROOT}bench/requirements.txt`;
  return ensureVenv({
    folder: `${ROOT}bench/.venv`,
    files: [requirements],
    installs: [['-r', requirements]],
  });
}
