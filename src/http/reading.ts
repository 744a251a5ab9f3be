import type { FastifyInstance } from 'fastify';
import type { TSchema } from 'typebox';
import { MistdError } from '../errors.js';
import { FORMATS } from '../formats/registry.js';
import { compileCheck, compileQueryCheck } from '../validation.js';
import { acceptBytes } from './body.js';

/**
 * Sets up how requests are read. Bodies reach the handlers as bytes, which formats/ reads and
 * checks; their schemas serve as documentation only. Other parts are checked by their schemas.
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
