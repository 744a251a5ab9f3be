import { isUtf8 } from 'node:buffer';
import { MistdError } from '../../errors.js';
import { takeLines } from './text-lines.js';

export interface StreamLimits {
  /** Largest size of the whole stream; a longer one is refused. */
  readonly maxBytes: number;
  /** Largest size of one line, because a line is held in memory as a whole. */
  readonly maxLineBytes: number;
}

const NEWLINE = 0x0a;

/**
 * Cuts a stream of UTF-8 bytes into lines, as they arrive. Lines end in LF or CRLF; the last line
 * may have no line end. An error in a line includes its number.
 *
 * @param onLine called for each line that is not empty, with its start and end in the bytes.
 * @throws MistdError body_too_large, invalid_utf8, or what onLine throws.
 */
export async function streamLines(
  stream: AsyncIterable<Uint8Array>,
  limits: StreamLimits,
  onLine: (bytes: Buffer, start: number, end: number) => void,
): Promise<void> {
  let number = 0;
  const takeWhole = (lines: Buffer) => {
    if (!isUtf8(lines)) {
      throw new MistdError('invalid_utf8', `The body is not UTF-8 after line ${number}.`);
    }
    number = takeLines(lines, number, (start, end) => onLine(lines, start, end));
  };

  let received = 0;
  /** The parts of the line that is not complete yet. */
  let rest: Buffer[] = [];
  let restBytes = 0;
  for await (const chunk of stream) {
    received += chunk.length;
    if (received > limits.maxBytes) {
      throw tooLarge(`The body is larger than ${limits.maxBytes} bytes.`);
    }
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    const end = bytes.lastIndexOf(NEWLINE) + 1;
    if (end > 0) {
      const first = bytes.indexOf(NEWLINE) + 1;
      takeWhole(Buffer.concat([...rest, bytes.subarray(0, first)]));
      takeWhole(bytes.subarray(first, end));
      rest = [];
      restBytes = 0;
    }
    rest.push(bytes.subarray(end));
    restBytes += bytes.length - end;
    if (restBytes > limits.maxLineBytes) {
      throw tooLarge(`Line ${number + 1} is longer than ${limits.maxLineBytes} bytes.`);
    }
  }
  takeWhole(Buffer.concat(rest));
}

function tooLarge(message: string): MistdError {
  return new MistdError('body_too_large', message);
}
