const [COMMA, QUOTE, PLUS, MINUS, DOT, ZERO, NINE] = [0x2c, 0x22, 0x2b, 0x2d, 0x2e, 0x30, 0x39];
const [LOWER_E, UPPER_E] = [0x65, 0x45];

/** A number with at most this many digits is a whole number below 2⁵³ times a power of ten. */
const EXACT_DIGITS = 15;
/** The powers of ten that are exact: a product or quotient with one of them rounds correctly. */
const POWERS = Float64Array.from({ length: 23 }, (_, power) => Number(`1e${power}`));

/**
 * Reads plain lines of CSV straight from their bytes. A plain line has one cell per column, none of
 * them quoted, and decimal numbers in the columns of numbers. Other lines are only reported as not
 * plain. This avoids the short-lived strings on which a CSV reader spends most of its time.
 */
export class PlainCells {
  /** The numbers of the last line read; the entries of string columns have no meaning. */
  readonly numbers: Float64Array;
  /** Where the cell of each column starts and ends in the bytes. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly #isNumber: readonly boolean[];

  /** @param isNumber for each column, whether its cells must be numbers; others may be anything. */
  constructor(isNumber: readonly boolean[]) {
    this.#isNumber = isNumber;
    this.numbers = new Float64Array(isNumber.length);
    this.starts = new Int32Array(isNumber.length);
    this.ends = new Int32Array(isNumber.length);
  }

  /** @returns whether the line is plain. */
  read(bytes: Buffer, start: number, end: number): boolean {
    const columns = this.#isNumber.length;
    let at = start;
    for (let c = 0; c < columns; c++) {
      // A comma precedes every cell except the first.
      if (c > 0 && (at >= end || bytes[at++] !== COMMA)) return false;
      this.starts[c] = at;
      at = this.#isNumber[c] ? this.#number(bytes, at, end, c) : textEnd(bytes, at, end);
      if (at < 0) return false;
      this.ends[c] = at;
    }
    return at === end;
  }

  /** @returns where the number ends, or −1 if the cell is not a number. */
  #number(bytes: Buffer, start: number, end: number, column: number): number {
    let at = start;
    const negative = bytes[at] === MINUS;
    if (negative || bytes[at] === PLUS) at++;
    let whole = 0;
    const first = at;
    for (; at < end && isDigit(bytes[at] as number); at++) {
      whole = 10 * whole + (bytes[at] as number) - ZERO;
    }
    let digits = at - first;
    let power = 0;
    if (at < end && bytes[at] === DOT) {
      const point = ++at;
      for (; at < end && isDigit(bytes[at] as number); at++) {
        whole = 10 * whole + (bytes[at] as number) - ZERO;
      }
      power = point - at;
      digits -= power;
    }
    if (digits === 0) return -1;
    if (at < end && (bytes[at] === LOWER_E || bytes[at] === UPPER_E)) {
      const down = bytes[++at] === MINUS;
      if (down || bytes[at] === PLUS) at++;
      const from = at;
      let exponent = 0;
      for (; at < end && isDigit(bytes[at] as number); at++) {
        exponent = 10 * exponent + (bytes[at] as number) - ZERO;
      }
      if (at === from) return -1;
      power += down ? -exponent : exponent;
    }
    if (digits > EXACT_DIGITS || power < -22 || power > 22) {
      this.numbers[column] = Number(bytes.toString('latin1', start, at));
      return at;
    }
    const size = power < 0 ? whole / (POWERS[-power] as number) : whole * (POWERS[power] as number);
    this.numbers[column] = negative ? -size : size;
    return at;
  }
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE;
}

/** @returns where the cell ends, or −1 if it contains a quote. */
function textEnd(bytes: Buffer, start: number, end: number): number {
  let at = start;
  for (; at < end && bytes[at] !== COMMA; at++) if (bytes[at] === QUOTE) return -1;
  return at;
}
