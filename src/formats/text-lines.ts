import { isAscii } from 'node:buffer';
import { MistdError } from '../errors.js';

export interface StreamLimits {
  /** Of the whole stream; beyond it, the request is refused. */
  readonly maxBytes: number;
  /** Of one line: all of the stream that is ever held at once. */
  readonly maxLineBytes: number;
}

/**
 * Cuts a stream of UTF-8 bytes into lines, as they arrive. Lines end in LF or CRLF; the last one
 * may lack its end. Errors of a line say its number.
 *
 * @param onLine told of each line that is not empty, and its number from 1.
 * @throws MistdError body_too_large, invalid_utf8, or what onLine throws.
 */
export async function readTextLines(
  stream: AsyncIterable<Uint8Array>,
  limits: StreamLimits,
  onLine: (line: string, number: number) => void,
): Promise<void> {
  const decode = utf8Decoder();
  let bytes = 0;
  let number = 0;
  let rest = '';
  const take = (line: string) => {
    number++;
    const text = line.endsWith('\r') ? line.slice(0, -1) : line;
    if (text !== '') atLine(number, () => onLine(text, number));
  };
  for await (const chunk of stream) {
    bytes += chunk.length;
    if (bytes > limits.maxBytes)
      throw tooLarge(`The body is larger than ${limits.maxBytes} bytes.`);
    const text = rest + decode(chunk, number);
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      take(text.slice(start, end));
      start = end + 1;
    }
    rest = text.slice(start);
    if (rest.length > limits.maxLineBytes) {
      throw tooLarge(`Line ${number + 1} is longer than ${limits.maxLineBytes} bytes.`);
    }
  }
  rest += decode(undefined, number);
  if (rest !== '') take(rest);
}

/** Says in an error's message which line it is about. */
function atLine(number: number, read: () => void): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof MistdError)) throw error;
    throw new MistdError(error.code, `Line ${number}: ${error.message}`, error.details);
  }
}

/** Decodes chunk after chunk. One of ASCII alone, as most are, is text already. */
function utf8Decoder() {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let complete = true;
  return (chunk: Uint8Array | undefined, lines: number): string => {
    const ascii = chunk !== undefined && isAscii(chunk);
    if (ascii && complete) {
      return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).toString('latin1');
    }
    complete = ascii;
    try {
      return decoder.decode(chunk, { stream: chunk !== undefined });
    } catch (cause) {
      throw new MistdError('invalid_utf8', `The body is not UTF-8 after line ${lines}.`, { cause });
    }
  };
}

function tooLarge(message: string): MistdError {
  return new MistdError('body_too_large', message);
}
