/** Bytes that one step takes on: the registers' width. */
const STEP_BYTES = 16;
const STEP_WORDS = STEP_BYTES / 4;
const PAGE_BYTES = 65_536;

/** The set of no place, and that of all. */
export const NONE = 0;
export const ALL = 1;

/**
 * Sets of places, a bit a place: working sets, and prefixes of sorted columns that these are
 * narrowed down by. All are in one memory, as the loop over them runs in WebAssembly. Its
 * registers of 128 bits make it some six times faster than the same loop in JavaScript, which has
 * 32.
 */
export class RunSets {
  /** How many places are in each working set. */
  readonly left: Int32Array;
  /** The words of each working set that are in use, in whole steps. */
  readonly #from: Int32Array;
  readonly #to: Int32Array;
  /** Words of a set. */
  readonly #words: number;
  /** The working sets, then the prefixes. */
  readonly #all: Int32Array;
  readonly #intersect: Intersect;
  #prefixes = 0;

  /**
   * @param places bits of each set.
   * @param working how many working sets there are.
   * @param prefixes how many will be added.
   */
  constructor(places: number, working: number, prefixes: number) {
    this.left = new Int32Array(working);
    this.#from = new Int32Array(working);
    this.#to = new Int32Array(working);
    this.#words = wordsOf(places);
    const bytes = 4 * this.#words * (working + 2 + prefixes);
    const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / PAGE_BYTES) });
    this.#all = new Int32Array(memory.buffer);
    const { exports } = new WebAssembly.Instance(program, { sets: { memory } });
    this.#intersect = exports.intersect as Intersect;
    this.#prefixes = 2;
    this.#prefix(ALL).fill(-1);
  }

  /** A new prefix: another one and some more places. */
  add(other: number, places: Int32Array): number {
    const set = this.#prefix(this.#prefixes);
    set.set(this.#prefix(other));
    for (let i = 0; i < places.length; i++) {
      const place = places[i] as number;
      set[place >>> 5] = (set[place >>> 5] as number) | (1 << place);
    }
    return this.#prefixes++;
  }

  /** Puts the places from…to − 1 into a working set, and no others. */
  start(set: number, from: number, to: number): void {
    const all = this.#all;
    const base = set * this.#words;
    all.fill(0, base + (this.#from[set] as number), base + (this.#to[set] as number));
    this.#from[set] = (from >>> 5) & -STEP_WORDS;
    this.#to[set] = wordsOf(to);
    const first = base + (from >>> 5);
    const last = base + ((to - 1) >>> 5);
    all.fill(-1, first, last + 1);
    all[first] = (all[first] as number) & (-1 << from);
    all[last] = (all[last] as number) & (-1 >>> -to);
    this.left[set] = to - from;
  }

  /** Leaves in a working set what is in the longer of two prefixes and not in the shorter one. */
  intersect(set: number, shorter: number, longer: number): void {
    if (shorter === NONE && longer === ALL) return;
    const words = this.#words;
    const from = this.#from[set] as number;
    const to = this.#to[set] as number;
    const before = this.left.length;
    this.left[set] = this.#intersect(
      4 * (set * words + from),
      4 * ((before + shorter) * words + from),
      4 * ((before + longer) * words + from),
      4 * (set * words + to),
    );
  }

  /** Takes the places listed at from…to − 1 out of a working set. */
  drop(set: number, places: Int32Array, from: number, to: number): void {
    const all = this.#all;
    const base = set * this.#words;
    let left = this.left[set] as number;
    for (let i = from; i < to; i++) {
      const place = places[i] as number;
      const at = base + (place >>> 5);
      const word = all[at] as number;
      all[at] = word & ~(1 << place);
      left -= (word >>> place) & 1;
    }
    this.left[set] = left;
  }

  /** Lists the places in a working set, ascending: as many as are left. */
  list(set: number, places: Int32Array): void {
    const all = this.#all;
    const base = set * this.#words;
    const to = this.#to[set] as number;
    let count = 0;
    for (let word = this.#from[set] as number; word < to; word++) {
      for (let bits = all[base + word] as number; bits !== 0; bits &= bits - 1) {
        places[count++] = 32 * word + 31 - Math.clz32(bits & -bits);
      }
    }
  }

  #prefix(index: number): Int32Array {
    const start = (this.left.length + index) * this.#words;
    return this.#all.subarray(start, start + this.#words);
  }
}

/** Words of a set of so many places: a multiple of what one step takes on. */
function wordsOf(places: number): number {
  return STEP_WORDS * Math.ceil(places / (32 * STEP_WORDS));
}

/** What is in use here of WebAssembly, which @types/node does not declare. */
declare namespace WebAssembly {
  class Memory {
    constructor(size: { initial: number });
    readonly buffer: ArrayBuffer;
  }
  class Module {
    constructor(code: Uint8Array);
  }
  class Instance {
    constructor(module: Module, imports: Record<string, Record<string, Memory>>);
    readonly exports: Record<string, unknown>;
  }
}

/**
 * Takes the byte offsets of the first step in each set and of the end of the last one in the
 * working set, of which it returns how many places are left in these steps.
 */
type Intersect = (working: number, shorter: number, longer: number, end: number) => number;

/** The code of a WebAssembly module, assembled by hand: no compiler is needed for one loop. */
const program = new WebAssembly.Module(
  Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    // Type 0: four i32, to an i32.
    ...section(1, [1, 0x60, 4, 0x7f, 0x7f, 0x7f, 0x7f, 1, 0x7f]),
    ...section(2, [1, ...text('sets'), ...text('memory'), 0x02, 0x00, 1]),
    ...section(3, [1, 0]),
    ...section(7, [1, ...text('intersect'), 0x00, 0]),
    // Beside its parameters, it has two local variables: an i64 and a v128.
    ...section(10, [1, ...sized([2, 1, 0x7e, 1, 0x7b, ...loopOfSteps()])]),
  ]),
);

function loopOfSteps(): number[] {
  const [working, shorter, longer, end, count, left] = [0, 1, 2, 3, 4, 5];
  const get = (local: number) => [0x20, local];
  const set = (local: number) => [0x21, local];
  const setAndKeep = (local: number) => [0x22, local];
  /** With its alignment, 2⁴ bytes, and offset. */
  const load = [0xfd, 0x00, 4, 0];
  const store = [0xfd, 0x0b, 4, 0];
  const [and, xor] = [
    [0xfd, 0x4e],
    [0xfd, 0x51],
  ];
  const plusStep = [0x41, STEP_BYTES, 0x6a];
  /** i64x2.extract_lane, i64.popcnt, i64.add */
  const plusOnes = (lane: number) => [...get(left), 0xfd, 0x1d, lane, 0x7b, 0x7c];
  return [
    // loop
    ...[0x03, 0x40],
    // working &= longer ^ shorter
    ...get(working),
    ...[...get(working), ...load],
    ...[...get(longer), ...load, ...get(shorter), ...load, ...xor, ...and],
    ...[...setAndKeep(left), ...store],
    ...[...get(count), ...plusOnes(0), ...plusOnes(1), ...set(count)],
    ...[...get(shorter), ...plusStep, ...set(shorter)],
    ...[...get(longer), ...plusStep, ...set(longer)],
    ...[...get(working), ...plusStep, ...setAndKeep(working)],
    // i32.lt_u, br_if 0: on to the next step before the end.
    ...[...get(end), 0x49, 0x0d, 0],
    // end of the loop; i32.wrap_i64, end of the function
    ...[0x0b, ...get(count), 0xa7, 0x0b],
  ].flat();
}

function section(id: number, content: readonly number[]): number[] {
  return [id, ...sized(content)];
}

/** With its length before it; all are below 128, which take one byte. */
function sized(content: readonly number[]): number[] {
  return [content.length, ...content];
}

function text(value: string): number[] {
  return sized([...new TextEncoder().encode(value)]);
}
