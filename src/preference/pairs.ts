import { type GrowingArray, growingFloats } from '../maths/growing-array.js';
import { ClusterIndex } from './cluster-index.js';
import { type Clusters, singleClusters } from './clusters.js';

/** Preference pairs in columns; log-probabilities are sums over completion tokens, in nats. */
export interface Pairs {
  readonly count: number;
  /** log π(chosen), log π(rejected), log π_ref(chosen), log π_ref(rejected). */
  readonly chosen: Float64Array;
  readonly rejected: Float64Array;
  readonly refChosen: Float64Array;
  readonly refRejected: Float64Array;
  /** Token counts; undefined unless every pair has them. */
  readonly tokens: { readonly chosen: Int32Array; readonly rejected: Int32Array } | undefined;
  /** Which pairs share a prompt; each pair is on its own if no prompts were named. */
  readonly clusters: Clusters;
  /** Features by name: a difference, chosen minus rejected, for each pair. */
  readonly features: ReadonlyMap<string, Float64Array>;
  /** Number of tokens whose log-probability is a floor value and not their own. */
  readonly floored: number;
}

export interface Pair {
  readonly chosen: number;
  readonly rejected: number;
  readonly refChosen: number;
  readonly refRejected: number;
  readonly chosenTokens: number | undefined;
  readonly rejectedTokens: number | undefined;
  readonly floored: number;
}

/** Collects pairs one by one into columns. */
export class PairColumns {
  readonly #chosen = growingFloats();
  readonly #rejected = growingFloats();
  readonly #refChosen = growingFloats();
  readonly #refRejected = growingFloats();
  readonly #chosenTokens = growingFloats();
  readonly #rejectedTokens = growingFloats();
  readonly #prompts = new ClusterIndex();
  readonly #features = new Map<string, GrowingArray<Float64Array>>();
  #floored = 0;
  #allTokens = true;

  get count(): number {
    return this.#chosen.length;
  }

  add(pair: Pair): void {
    this.#chosen.push(pair.chosen);
    this.#rejected.push(pair.rejected);
    this.#refChosen.push(pair.refChosen);
    this.#refRejected.push(pair.refRejected);
    this.#floored += pair.floored;
    if (pair.chosenTokens === undefined || pair.rejectedTokens === undefined) {
      this.#allTokens = false;
    }
    if (!this.#allTokens) return;
    this.#chosenTokens.push(pair.chosenTokens as number);
    this.#rejectedTokens.push(pair.rejectedTokens as number);
  }

  /** Adds the prompt of a pair, given by its name or by bytes of UTF-8. */
  addPrompt(name: string | number): void;
  addPrompt(bytes: Uint8Array, start: number, end: number): void;
  addPrompt(name: string | number | Uint8Array, start = 0, end = 0): void {
    if (typeof name === 'object') this.#prompts.pushBytes(name, start, end);
    else this.#prompts.push(String(name));
  }

  addFeature(name: string, value: number): void {
    const column = this.#features.get(name) ?? growingFloats();
    this.#features.set(name, column);
    column.push(value);
  }

  finish(): Pairs {
    const { count } = this;
    return {
      count,
      chosen: this.#chosen.values(),
      rejected: this.#rejected.values(),
      refChosen: this.#refChosen.values(),
      refRejected: this.#refRejected.values(),
      tokens:
        this.#allTokens && count > 0
          ? {
              chosen: new Int32Array(this.#chosenTokens.values()),
              rejected: new Int32Array(this.#rejectedTokens.values()),
            }
          : undefined,
      clusters: this.#prompts.length === count ? this.#prompts.finish() : singleClusters(count),
      features: new Map([...this.#features].map(([name, column]) => [name, column.values()])),
      floored: this.#floored,
    };
  }
}

/** The buffers that hold pairs, to be transferred to another thread with them. */
export function memoryOf(pairs: Pairs): ArrayBuffer[] {
  const { chosen, rejected, refChosen, refRejected, tokens, clusters, features } = pairs;
  const arrays = [chosen, rejected, refChosen, refRejected, ...features.values()];
  const counts = [tokens?.chosen, tokens?.rejected, clusters.of];
  const views = [...arrays, ...counts.filter((array) => array !== undefined)];
  return views.map(({ buffer }) => buffer as ArrayBuffer);
}

/** The log-ratio margin of each pair, δ = ℓ_w − ℓ_l, where ℓ = log π − log π_ref. */
export function logRatioMargins(pairs: Pairs): Float64Array {
  const { count, chosen, rejected, refChosen, refRejected } = pairs;
  const margins = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    margins[i] =
      (chosen[i] as number) -
      (refChosen[i] as number) -
      ((rejected[i] as number) - (refRejected[i] as number));
  }
  return margins;
}
