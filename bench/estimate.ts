// POST /estimate next to bare ONNX Runtime, FastAPI and KSG. Run it with: npm run bench [-- --quick]
import { poster, send } from './api.js';
import type { ClientLoad } from './client.js';
import { progress } from './print.js';
import {
  type Ask,
  startFastApi,
  startMeasuring,
  startMistd,
  startRival,
  WORKERS,
} from './processes.js';
import { type Result, report } from './report.js';
import { machine, save } from './results.js';
import { makeSamples, nameOf, type Samples, SHAPES, type Shape } from './shapes.js';
import { median } from './stats.js';
import { type Load, type Measured, timing } from './timing.js';

const CONCURRENCIES = [1, 8];
/** Values of a data set that the model's attention reads: `entries` in training. */
const ENTRIES = 16_384;
const KSG = { k: 3, resamples: 100 };

interface Rivals {
  readonly urls: { readonly mistd: string; readonly fastapi: string };
  readonly bare: Ask<Load, Measured>;
  readonly client: Ask<ClientLoad, Measured>;
  readonly ksg: Ask<Samples & typeof KSG, KsgAnswer>;
}

interface KsgAnswer {
  readonly ms: number;
  /** The fastest implementation on this shape. */
  readonly way: string;
}

interface RoundLoad {
  readonly bare: Measured;
  readonly mistd: Measured;
  readonly fastapi: Measured;
}

interface Round {
  /** One for each concurrency. */
  readonly loads: readonly RoundLoad[];
  readonly ksg: KsgAnswer;
}

interface Reply {
  readonly estimate: number;
  readonly interval: { readonly lower: number; readonly upper: number };
}

/** @param python with the rivals' packages. */
export async function benchEstimate(python: string, quick: boolean): Promise<void> {
  const settings = {
    rounds: quick ? 1 : 5,
    seconds_per_round: quick ? 0.3 : 2,
    workers: WORKERS,
    ksg: KSG,
  };
  const { url } = await startMistd();
  const fastapi = await startFastApi(python);
  const rivals: Rivals = {
    urls: { mistd: `${url}/estimate`, fastapi },
    bare: startMeasuring('rivals/bare.js'),
    client: startMeasuring('client.js'),
    ksg: startRival(python, 'ksg.py'),
  };
  const results: Result[] = [];
  for (const shape of SHAPES) {
    await checkAgreement(shape, url, fastapi);
    const rounds: Round[] = [];
    for (let round = 0; round < settings.rounds; round++) {
      progress(`${nameOf(shape)}: round ${round + 1} of ${settings.rounds}`);
      rounds.push(await measure(shape, settings.seconds_per_round, rivals));
    }
    results.push(summarize(shape, rounds));
  }
  const summary = { machine: machine(), settings, results };
  console.log(report(summary));
  if (!quick) await save('', summary);
}

/** One round: all rivals in turns. */
async function measure(
  shape: Shape,
  seconds: number,
  { urls, bare, client, ksg }: Rivals,
): Promise<Round> {
  const loads: RoundLoad[] = [];
  for (const concurrency of CONCURRENCIES) {
    const load = { shape, concurrency, seconds };
    loads.push({
      bare: await bare(load),
      mistd: await client({ ...load, url: urls.mistd }),
      fastapi: await client({ ...load, url: urls.fastapi }),
    });
  }
  return { loads, ksg: await ksg({ ...makeSamples(shape, 0), ...KSG }) };
}

/** Latencies are pooled over the rounds; rates and ratios are medians of the rounds' own. */
function summarize(shape: Shape, rounds: readonly Round[]): Result {
  const overRounds = (figure: (round: Round) => number) => median(rounds.map(figure));
  return {
    shape,
    loads: CONCURRENCIES.map((concurrency, c) => {
      const loads = rounds.map((round) => round.loads[c] as RoundLoad);
      const overLoads = (figure: (load: RoundLoad) => number) => median(loads.map(figure));
      const pooled = (rival: keyof RoundLoad) => ({
        ...timing(
          loads.flatMap((load) => load[rival].times),
          Number.NaN,
        ),
        per_second: overLoads((load) => load[rival].per_second),
      });
      return {
        concurrency,
        bare: pooled('bare'),
        mistd: pooled('mistd'),
        fastapi: pooled('fastapi'),
        http_latency_over_bare: overLoads(({ mistd, bare }) => mistd.p50_ms / bare.p50_ms),
        bare_rate_over_http: overLoads(({ mistd, bare }) => bare.per_second / mistd.per_second),
        rate_over_fastapi: overLoads(({ mistd, fastapi }) => mistd.per_second / fastapi.per_second),
      };
    }),
    ksg: {
      way: rounds[0]?.ksg.way ?? '',
      ms: overRounds(({ ksg }) => ksg.ms),
      over_mistd: overRounds(({ ksg, loads }) => ksg.ms / (loads[0]?.mistd.p50_ms ?? 0)),
    },
  };
}

/** Checks that both services give the same answer; otherwise their times cannot be compared. */
async function checkAgreement(shape: Shape, url: string, fastapi: string): Promise<void> {
  const samples = makeSamples(shape, 0);
  const ours: Reply = await poster(url)('/estimate', samples);
  const theirs = await send<Reply>(fastapi, {
    type: 'application/json',
    body: JSON.stringify(samples),
  });
  // Where the model reads only some of the rows, the service picks them at random.
  const tolerance = shape.rows * (shape.dim_x + shape.dim_y) > ENTRIES ? 0.1 : 1e-4;
  const figures = ({ estimate, interval: { lower, upper } }: Reply) =>
    [estimate, lower, upper].map((value) => value / Math.max(1, estimate));
  const others = figures(theirs);
  if (!figures(ours).every((value, i) => Math.abs(value - (others[i] ?? 0)) <= tolerance)) {
    const [a, b] = [ours, theirs].map((reply) => JSON.stringify(reply));
    throw new Error(`${nameOf(shape)}: mistd answers ${a}, FastAPI ${b}`);
  }
}
