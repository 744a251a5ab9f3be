import { MistdError } from '../../errors.js';
import type { Column } from '../../samples/columns.js';
import { describe } from '../text/describe.js';

/**
 * Gathers one column value by value and finds out its kind: all numbers, all booleans or all
 * texts, apart from missing values. Mixed columns are refused: a slip in a column of numbers must
 * not turn it into one of categories.
 */
export class ColumnBuilder {
  readonly #name: string;
  readonly #pointerOf: (row: number) => string;
  #kind: Column['kind'] | undefined;
  #values: Float64Array<ArrayBuffer>;
  #length = 0;
  readonly #codes = new Map<string, number>();

  /**
   * @param pointerOf gives the JSON pointer of the value at a row, for errors.
   * @param rows that will come; more may.
   */
  constructor(name: string, pointerOf: (row: number) => string, rows = 1024) {
    this.#name = name;
    this.#pointerOf = pointerOf;
    this.#values = new Float64Array(rows);
  }

  /**
   * Adds a value as JSON has it; null and undefined are missing.
   *
   * @throws MistdError not_a_number or not_finite.
   */
  add(value: unknown): void {
    if (typeof value === 'number') {
      if (!Number.isFinite(value)) throw this.#infinite();
      if (this.#kind !== 'number') this.#become('number', value);
      this.#append(value);
    } else if (value === null || value === undefined) {
      this.#append(Number.NaN);
    } else if (typeof value === 'string') {
      this.addText(value);
    } else if (typeof value === 'boolean') {
      this.#become('boolean', value);
      this.#append(value ? 1 : 0);
    } else {
      throw this.#refused(value);
    }
  }

  addText(text: string): void {
    this.#become('text', text);
    let code = this.#codes.get(text);
    if (code === undefined) {
      code = this.#codes.size;
      this.#codes.set(text, code);
    }
    this.#append(code);
  }

  finish(): Column {
    const full = this.#length === this.#values.length;
    return {
      name: this.#name,
      kind: this.#kind ?? 'number',
      values: full ? this.#values : this.#values.slice(0, this.#length),
      labels: [...this.#codes.keys()],
    };
  }

  #become(kind: Column['kind'], value: unknown): void {
    this.#kind ??= kind;
    if (this.#kind !== kind) throw this.#refused(value);
  }

  #append(value: number): void {
    if (this.#length === this.#values.length) {
      const larger = new Float64Array(2 * this.#length + 16);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#length++] = value;
  }

  #infinite(): MistdError {
    const pointer = this.#pointerOf(this.#length);
    return new MistdError(
      'not_finite',
      `The sample at ${pointer} is infinite, or too large for a 64-bit float.`,
      { pointer },
    );
  }

  #refused(value: unknown): MistdError {
    const pointer = this.#pointerOf(this.#length);
    const mixed = this.#kind !== undefined && typeof value !== 'object';
    const among = mixed ? `, in a column of ${this.#kind}s` : '';
    return new MistdError(
      'not_a_number',
      `The sample at ${pointer} is ${describe(value)}${among}.`,
      { pointer },
    );
  }
}
