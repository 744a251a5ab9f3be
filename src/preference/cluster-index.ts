import { GrowingArray } from '../maths/growing-array.js';
import { Hash64 } from '../maths/hash.js';
import type { Clusters } from './clusters.js';

const ENCODER = new TextEncoder();

/**
 * Writes a string in UTF-8. ASCII strings, such as most names, are copied directly.
 *
 * @returns the number of bytes.
 */
function encode(text: string, into: Uint8Array): number {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 127) return ENCODER.encodeInto(text, into).written;
    into[i] = unit;
  }
  return text.length;
}

/**
 * Number of hash tables that share the names. When a table grows, only its own names move, so that
 * other requests wait only for a short time.
 */
const TABLES = 64;

/**
 * Numbers prompts in the order of their first pair. It keeps a hash of 64 bits for each name
 * instead of the name. Among a million prompts, two hashes agree in one of about 40 million data
 * sets.
 */
export class ClusterIndex {
  readonly #of = new GrowingArray((length) => new Int32Array(length));
  #count = 0;
  readonly #tables = Array.from({ length: TABLES }, () => new HashTable());
  readonly #hash = new Hash64();
  #encoded = new Uint8Array(256);

  get length(): number {
    return this.#of.length;
  }

  push(name: string): void {
    // UTF-8 needs at most three bytes per UTF-16 unit.
    if (3 * name.length > this.#encoded.length) this.#encoded = new Uint8Array(6 * name.length);
    this.pushBytes(this.#encoded, 0, encode(name, this.#encoded));
  }

  /** Like push, for a name in UTF-8. */
  pushBytes(name: Uint8Array, start: number, end: number): void {
    this.#of.push(this.#find(name, start, end));
  }

  finish(): Clusters {
    return { of: this.#of.values(), count: this.#count };
  }

  #find(name: Uint8Array, start: number, end: number): number {
    this.#hash.reset();
    for (let i = start; i < end; i++) this.#hash.add(name[i] as number);
    const { low, high } = this.#hash;
    const table = this.#tables[(low ^ (high >>> 7)) & (TABLES - 1)] as HashTable;
    const number = table.numberOf(low, high, this.#count);
    if (number === this.#count) this.#count++;
    return number;
  }
}

/** Maps hashes, each given as two halves, to numbers, by open addressing. */
class HashTable {
  /** Three elements per slot: the two halves of a hash, and its number plus 1; 0 if it is free. */
  #slots = new Int32Array(3 * 32);
  #count = 0;

  /** @param next the number that the hash gets if it is new. */
  numberOf(low: number, high: number, next: number): number {
    const place = this.#place(low, high);
    const known = this.#slots[place + 2] as number;
    if (known > 0) return known - 1;
    this.#put(place, low, high, next + 1);
    this.#count++;
    if (6 * this.#count > this.#slots.length) this.#grow();
    return next;
  }

  /** The place of a hash, or the free place where it belongs. */
  #place(low: number, high: number): number {
    const slots = this.#slots;
    const mask = slots.length / 3 - 1;
    // The lowest six bits have selected the table.
    for (let slot = ((low ^ (high >>> 7)) >>> 6) & mask; ; slot = (slot + 1) & mask) {
      const place = 3 * slot;
      if ((slots[place + 2] as number) === 0) return place;
      if (slots[place] === low && slots[place + 1] === high) return place;
    }
  }

  #put(place: number, low: number, high: number, numberPlus1: number): void {
    this.#slots[place] = low;
    this.#slots[place + 1] = high;
    this.#slots[place + 2] = numberPlus1;
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Int32Array(2 * old.length);
    for (let at = 0; at < old.length; at += 3) {
      const number = old[at + 2] as number;
      if (number === 0) continue;
      const [low, high] = [old[at] as number, old[at + 1] as number];
      this.#put(this.#place(low, high), low, high, number);
    }
  }
}
