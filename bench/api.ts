// Requests to the service, with replies typed by the service's own schemas.
import type { ClassicalReply } from '../src/routes/estimate/classical/schema.js';
import type { ConditionalReply } from '../src/routes/estimate/conditional/schema.js';
import type { IndependenceReply } from '../src/routes/estimate/independence/schema.js';
import type { LaggedReply } from '../src/routes/estimate/lagged/schema.js';
import type { PairwiseReply } from '../src/routes/estimate/pairwise/schema.js';
import type { EstimateReply } from '../src/routes/estimate/schema.js';

interface Replies {
  '/estimate': EstimateReply;
  '/estimate/classical': ClassicalReply;
  '/estimate/conditional': ConditionalReply;
  '/estimate/independence': IndependenceReply;
  '/estimate/lagged': LaggedReply;
  '/estimate/pairwise': PairwiseReply;
}

/** Posts a JSON body to a route. */
export type Post = <Path extends keyof Replies>(path: Path, body: object) => Promise<Replies[Path]>;

export function poster(url: string): Post {
  return (path, body) => send(url + path, { type: 'application/json', body: JSON.stringify(body) });
}

/**
 * Posts a body of any media type.
 *
 * @throws Error with the reply's text when the status is not 200.
 */
export async function send<Reply>(
  url: string,
  { type, body }: { type: string; body: string | Uint8Array<ArrayBuffer> },
): Promise<Reply> {
  const headers = { 'content-type': type };
  const response = await fetch(url, { method: 'POST', headers, body });
  if (!response.ok) throw new Error(`${url}: ${await response.text()}`);
  return (await response.json()) as Reply;
}
