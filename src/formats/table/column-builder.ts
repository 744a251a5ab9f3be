import { MistdError } from '../../errors.js';
import { type GrowingArray, growingFloats } from '../../maths/growing-array.js';
import type { Column } from '../../samples/columns.js';
import { describe } from '../text/describe.js';

/**
 * Collects one column value by value and determines its kind: apart from missing values, it holds
 * only numbers, only booleans or only strings. Mixed columns are refused, so that a typo in a
 * column of numbers does not turn it into a column of categories.
 */
export class ColumnBuilder {
  readonly #name: string;
  readonly #pointerOf: (row: number) => string;
  #kind: Column['kind'] | undefined;
  readonly #values: GrowingArray<Float64Array<ArrayBuffer>>;
  readonly #codes = new Map<string, number>();

  /**
   * @param pointerOf returns the JSON pointer of the value in a row, for errors.
   * @param rows the expected number of rows; more may follow.
   */
  constructor(name: string, pointerOf: (row: number) => string, rows = 1024) {
    this.#name = name;
    this.#pointerOf = pointerOf;
    this.#values = growingFloats(rows);
  }

  /**
   * Adds a value from JSON; null and undefined are missing values.
   *
   * @throws MistdError not_a_number or not_finite.
   */
  add(value: unknown): void {
    if (typeof value === 'number') {
      if (!Number.isFinite(value)) throw this.#infinite();
      if (this.#kind !== 'number') this.#become('number', value);
      this.#values.push(value);
    } else if (value === null || value === undefined) {
      this.#values.push(Number.NaN);
    } else if (typeof value === 'string') {
      this.addText(value);
    } else if (typeof value === 'boolean') {
      this.#become('boolean', value);
      this.#values.push(value ? 1 : 0);
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
    this.#values.push(code);
  }

  finish(): Column {
    return {
      name: this.#name,
      kind: this.#kind ?? 'number',
      values: this.#values.values(),
      labels: [...this.#codes.keys()],
    };
  }

  #become(kind: Column['kind'], value: unknown): void {
    this.#kind ??= kind;
    if (this.#kind !== kind) throw this.#refused(value);
  }

  #infinite(): MistdError {
    const pointer = this.#pointerOf(this.#values.length);
    return new MistdError(
      'not_finite',
      `The sample at ${pointer} is infinite or too large for a 64-bit float.`,
      { pointer },
    );
  }

  #refused(value: unknown): MistdError {
    const pointer = this.#pointerOf(this.#values.length);
    const mixed = this.#kind !== undefined && typeof value !== 'object';
    const kind = this.#kind === 'text' ? 'string' : this.#kind;
    const rest = mixed ? `, but the column holds ${kind}s` : '';
    return new MistdError(
      'not_a_number',
      `The sample at ${pointer} is ${describe(value)}${rest}.`,
      {
        pointer,
      },
    );
  }
}
