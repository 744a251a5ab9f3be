import { MistdError } from '../errors.js';
import type { Column } from '../samples/columns.js';
import { describe } from './describe.js';

/**
 * Gathers one column value by value and finds out its kind: all numbers, all booleans or all
 * texts, apart from missing values. Mixed columns are refused: a slip in a column of numbers must
 * not turn it into one of categories.
 */
export class ColumnBuilder {
  readonly #name: string;
  #kind: Column['kind'] | undefined;
  #values: Float64Array<ArrayBuffer>;
  #length = 0;
  readonly #codes = new Map<string, number>();

  constructor(name: string, rows = 1024) {
    this.#name = name;
    this.#values = new Float64Array(rows);
  }

  /**
   * Adds a value as JSON has it.
   *
   * @param place gives the JSON pointer of the value, for an error.
   * @throws MistdError not_a_number or not_finite.
   */
  add(value: unknown, place: () => string): void {
    if (typeof value === 'number') this.#addNumber(value, place);
    else if (value === null || value === undefined) this.addMissing();
    else if (typeof value === 'string') this.addText(value, place);
    else if (typeof value === 'boolean') this.#push('boolean', value ? 1 : 0, value, place);
    else throw this.#refused(value, place());
  }

  addMissing(): void {
    this.#append(Number.NaN);
  }

  addText(text: string, place: () => string): void {
    let code = this.#codes.get(text);
    if (code === undefined) {
      code = this.#codes.size;
      this.#codes.set(text, code);
    }
    this.#push('text', code, text, place);
  }

  get kind(): Column['kind'] | undefined {
    return this.#kind;
  }

  get length(): number {
    return this.#length;
  }

  finish(): Column {
    const values = this.#values.slice(0, this.#length);
    return {
      name: this.#name,
      kind: this.#kind ?? 'number',
      values,
      labels: [...this.#codes.keys()],
    };
  }

  #addNumber(value: number, place: () => string): void {
    if (!Number.isFinite(value)) {
      throw new MistdError(
        'not_finite',
        `The sample at ${place()} is infinite, or too large for a 64-bit float.`,
        { pointer: place() },
      );
    }
    this.#push('number', value, value, place);
  }

  #push(kind: Column['kind'], code: number, value: unknown, place: () => string): void {
    this.#kind ??= kind;
    if (this.#kind !== kind) throw this.#refused(value, place());
    this.#append(code);
  }

  #append(value: number): void {
    if (this.#length === this.#values.length) {
      const larger = new Float64Array(2 * this.#length);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#length++] = value;
  }

  #refused(value: unknown, pointer: string): MistdError {
    const among =
      this.#kind === undefined || typeof value === 'object'
        ? ''
        : `, in a column of ${this.#kind}s`;
    return new MistdError(
      'not_a_number',
      `The sample at ${pointer} is ${describe(value)}${among}.`,
      { pointer },
    );
  }
}
