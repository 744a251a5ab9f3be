import type { FastifyInstance, FastifyRequest } from 'fastify';
import { MistdError } from '../errors.js';
import {
  type Body,
  type DataLimits,
  type Form,
  type Format,
  MEDIA_TYPES,
  type ReadData,
  readData,
} from '../formats/table/data.js';
import { bodyOf } from './body.js';
import { LARGE_BYTES, type Threads } from '../threads/threads.js';

const FORMATS = Object.entries(MEDIA_TYPES) as [Format, readonly string[]][];

/** Lets the routes of a scope take every format; their bodies stay bytes. */
export function addFormats(scope: FastifyInstance): void {
  const types = FORMATS.flatMap(([format, names]) => (format === 'json' ? [] : names));
  scope.addContentTypeParser(types, { parseAs: 'buffer' }, (_request, body, done) => {
    done(null, body);
  });
}

/** Reads the samples of a request, whatever its format. */
export async function readRequest<Name extends string>(
  request: FastifyRequest,
  form: Form<Name>,
  limits: DataLimits,
  threads: Threads,
  signal: AbortSignal,
): Promise<ReadData<Name>> {
  const body: Body = {
    format: formatOf(request),
    bytes: bodyOf(request.body),
    query: { ...(request.query as Body['query']) },
  };
  if (body.bytes.length <= LARGE_BYTES && body.format === 'json') {
    return readData(body, form, limits);
  }
  return threads.read({ body, form, limits }, signal);
}

function formatOf(request: FastifyRequest): Format {
  const [essence = '', ...parameters] = (request.headers['content-type'] ?? '')
    .toLowerCase()
    .split(';')
    .map((part) => part.trim());
  const charset = parameters.find((part) => part.startsWith('charset='))?.slice(8);
  if (charset !== undefined && !/^"?(utf-?8|us-ascii)"?$/.test(charset)) {
    throw new MistdError('unsupported_media_type', `The charset is ${charset}, not UTF-8.`);
  }
  const format = FORMATS.find(([, names]) => names.includes(essence))?.[0];
  if (format === undefined) {
    throw new MistdError('unsupported_media_type', `The content type is ${essence}.`);
  }
  return format;
}
