import type { FastifyInstance } from 'fastify';
import type { TSchema } from 'typebox';
import { MistdError } from '../errors.js';
import { FORMATS } from '../formats/registry.js';
import { compileCheck, compileQueryCheck } from '../validation.js';
import { acceptBytes } from './body.js';

/**
 * How requests are read: bodies reach the handlers as bytes, for formats/ to read and to say what
 * is wrong where; their schemas are documentation. Other parts are checked by their schemas.
 */
export function addReading(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  acceptBytes(app, FORMATS.json.mediaTypes);
  app.addHook('preParsing', async (request) => {
    const encoding = request.headers['content-encoding'];
    if (encoding !== undefined && encoding !== 'identity') {
      throw new MistdError('unsupported_encoding', `The body's content-encoding is ${encoding}.`);
    }
  });
  app.setValidatorCompiler<TSchema>(({ schema, httpPart }) => {
    if (httpPart === 'body') return () => true;
    const check = (httpPart === 'querystring' ? compileQueryCheck : compileCheck)(schema);
    return (value) => {
      try {
        return { value: check(value) };
      } catch (error) {
        return { error: error as Error };
      }
    };
  });
}
