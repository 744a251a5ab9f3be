type TypedArray = Float64Array | Int32Array;

/** A typed array that values can be appended to; its capacity doubles when it is full. */
export class GrowingArray<T extends TypedArray> {
  length = 0;
  #values: T;
  readonly #make: (length: number) => T;

  /**
   * @param make creates an array of zeros.
   * @param capacity number of values that fit before the first growth; at least 1.
   */
  constructor(make: (length: number) => T, capacity = 1024) {
    this.#make = make;
    this.#values = make(Math.max(1, capacity));
  }

  push(value: number): void {
    if (this.length === this.#values.length) {
      const larger = this.#make(2 * this.length);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.length++] = value;
  }

  /** The values so far (a view, not a copy). */
  values(): T {
    return this.#values.subarray(0, this.length) as T;
  }
}

/** A growing array of 64-bit floats. */
export function growingFloats(capacity?: number): GrowingArray<Float64Array<ArrayBuffer>> {
  return new GrowingArray((length) => new Float64Array(length), capacity);
}
