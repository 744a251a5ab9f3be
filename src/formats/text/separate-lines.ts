import { MistdError } from '../../errors.js';

/** A line of text, or why it cannot be read. */
export interface Line {
  /** Counts lines that are not blank, from 0. */
  readonly index: number;
  readonly content: Buffer | MistdError;
}

const NEWLINE = 0x0a;

/**
 * Lines of a stream of bytes, as they come. Apart from `streamLines`, which ends at the first
 * fault and shows lines where they lie in a chunk: here each line is answered by itself, when its
 * turn comes, and a wrong one fails alone. Blank lines are skipped; one that is too long becomes
 * an error, and those after it are read still.
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
      // What is beyond the limit is counted and let go.
      if (size <= maxBytes) parts.push(part);
      if (end < 0) break;
      yield* finish();
      start = end + 1;
    }
  }
  yield* finish();
}
