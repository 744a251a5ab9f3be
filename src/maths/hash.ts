/** The 32-bit finalizer of MurmurHash3: each input bit changes about half of the output bits. */
export function mix32(value: number): number {
  let h = value >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** A 64-bit hash, in two halves, of a sequence of 32-bit integers. Not cryptographic. */
export class Hash64 {
  low = 0;
  high = 0;

  /** Starts a new sequence. */
  reset(): void {
    this.low = 0x811c9dc5 | 0;
    this.high = 0x9e3779b9 | 0;
  }

  add(value: number): void {
    const low = Math.imul(this.low ^ value, 0x01000193);
    this.low = low ^ (low >>> 15);
    const high = Math.imul(this.high + value, 0x85ebca6b);
    this.high = high ^ (high >>> 13);
  }
}
