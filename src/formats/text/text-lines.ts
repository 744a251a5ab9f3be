import { MistdError } from '../../errors.js';

const NEWLINE = 0x0a;
const RETURN = 0x0d;
/** Some programs write this before text in UTF-8. */
const BYTE_ORDER_MARK = Buffer.from('\uFEFF');

/**
 * Finds the lines in UTF-8 bytes without copying them. The bytes must hold whole lines, which end
 * in LF or CRLF; the last line may have no line end. A byte order mark at the start is skipped.
 *
 * @param before number of lines before these bytes.
 * @param onLine called for each line that is not empty, with its start and end in the bytes.
 * @returns the number of the last line.
 * @throws MistdError the error of onLine, with the number of the line, from 1, before its message.
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
 * Parses a line of NDJSON.
 *
 * @param pointer JSON pointer of the row, for the error.
 * @throws MistdError invalid_json
 */
export function parseJsonLine(text: string, pointer: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new MistdError('invalid_json', `${(cause as Error).message}.`, { pointer, cause });
  }
}
