import { MistdError } from '../../errors.js';

const NEWLINE = 0x0a;
const RETURN = 0x0d;
/** What some programs put before UTF-8. */
const BYTE_ORDER_MARK = Buffer.from('\uFEFF');

/**
 * Shows the lines of whole lines of UTF-8, without copying them. Lines end in LF or CRLF; the last
 * one may lack its end; a byte order mark before the first is left out.
 *
 * @param before lines that came before these bytes.
 * @param onLine told of each line that is not empty: where it begins and ends in the bytes.
 * @returns the number of the last line.
 * @throws MistdError what onLine throws, with the line's number, counted from 1, before it.
 */
export function takeLines(
  bytes: Buffer,
  before: number,
  onLine: (start: number, end: number) => void,
): number {
  let number = before;
  try {
    const marked = before === 0 && bytes.subarray(0, 3).equals(BYTE_ORDER_MARK);
    for (let start = marked ? BYTE_ORDER_MARK.length : 0; start < bytes.length; ) {
      number++;
      const newline = bytes.indexOf(NEWLINE, start);
      const next = newline < 0 ? bytes.length : newline;
      const end = next > start && bytes[next - 1] === RETURN ? next - 1 : next;
      if (end > start) onLine(start, end);
      start = next + 1;
    }
    return number;
  } catch (error) {
    if (!(error instanceof MistdError)) throw error;
    throw new MistdError(error.code, `Line ${number}: ${error.message}`, error.details);
  }
}

/**
 * The value of a line of NDJSON.
 *
 * @param pointer of the line's row, for the error.
 * @throws MistdError invalid_json
 */
export function parseJsonLine(text: string, pointer: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new MistdError('invalid_json', `${(cause as Error).message}.`, { pointer, cause });
  }
}
