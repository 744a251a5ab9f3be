import { MistdError } from '../../errors.js';

/** A line of text, or the reason why it cannot be read. */
export interface Line {
  /** Position among the lines that are not blank, from 0. */
  readonly index: number;
  readonly content: Buffer | MistdError;
}

const NEWLINE = 0x0a;

/**
 * Yields the lines of a stream of bytes as they arrive. Unlike `streamLines`, which stops at the
 * first fault, it treats each line separately, so that a faulty line fails alone. Blank lines are
 * skipped. A line that is too long becomes an error, and the lines after it are still read.
 */
export async function* separateLines(
  stream: AsyncIterable<Buffer>,
  maxBytes: number,
): AsyncGenerator<Line> {
  let index = 0;
  let parts: Buffer[] = [];
  let size = 0;
  const finish = (): Line[] => {
    const bytes = Buffer.concat(parts);
    const tooLong = size > maxBytes;
    parts = [];
    size = 0;
    if (!tooLong && bytes.toString('latin1').trim() === '') return [];
    const content = tooLong
      ? new MistdError('body_too_large', `The line is longer than ${maxBytes} bytes.`)
      : bytes;
    return [{ index: index++, content }];
  };
  for await (const chunk of stream) {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(NEWLINE, start);
      const part = chunk.subarray(start, end < 0 ? chunk.length : end);
      size += part.length;
      // Parts beyond the limit are counted and dropped.
      if (size <= maxBytes) parts.push(part);
      if (end < 0) break;
      yield* finish();
      start = end + 1;
    }
  }
  yield* finish();
}
