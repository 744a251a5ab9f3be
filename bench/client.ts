// The load: a separate process that posts bodies over keep-alive connections and times each
// request from its first byte to the last byte of the reply.
import { Agent, request } from 'node:http';
import { makeSamples, type Shape } from './shapes.js';
import { type Load, type Measured, timing } from './timing.js';

/** Data sets per shape: more than one, so that nothing gains from having seen a request before. */
const BODIES = 8;

export interface ClientLoad extends Load {
  readonly url: string;
}

const bodies = new Map<string, Buffer[]>();

process.on('message', async (load: ClientLoad) => {
  process.send?.(await measure(load));
});

async function measure({ url, shape, concurrency, seconds }: ClientLoad): Promise<Measured> {
  const agent = new Agent({ keepAlive: true, maxSockets: concurrency });
  const toSend = bodiesOf(shape);
  let sent = 0;
  const one = () => post(agent, url, toSend[sent++ % BODIES] as Buffer);
  await Promise.all(Array.from({ length: concurrency }, one));

  const times: number[] = [];
  const start = performance.now();
  const end = start + seconds * 1000;
  const user = async () => {
    do {
      const began = performance.now();
      await one();
      times.push(performance.now() - began);
    } while (performance.now() < end);
  };
  await Promise.all(Array.from({ length: concurrency }, user));
  const took = (performance.now() - start) / 1000;
  agent.destroy();
  return { times, ...timing(times, took) };
}

function bodiesOf(shape: Shape): Buffer[] {
  const key = JSON.stringify(shape);
  const made =
    bodies.get(key) ??
    Array.from({ length: BODIES }, (_, seed) =>
      Buffer.from(JSON.stringify(makeSamples(shape, seed))),
    );
  bodies.set(key, made);
  return made;
}

function post(agent: Agent, url: string, body: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': body.length };
    const sent = request(url, { agent, method: 'POST', headers }, (reply) => {
      reply.on('error', reject);
      reply.on('end', () =>
        reply.statusCode === 200 ? resolve() : reject(new Error(`status ${reply.statusCode}`)),
      );
      reply.resume();
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
