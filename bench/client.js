// The load: a process of its own that posts bodies over kept-alive connections and times each
// request from its first byte to the reply's last.
import { Agent, request } from 'node:http';
import { makeSamples, timing } from './cases.js';

// More than one data set, so that nothing gains from having seen a request before.
const BODIES = 8;

/** @typedef {{ url: string, shape: import('./cases.js').Shape, concurrency: number, seconds: number }} Load */

/** @type {Map<string, Buffer[]>} */
const bodies = new Map();

process.on('message', async (/** @type {Load} */ load) => {
  process.send?.(await measure(load));
});

/** @param {Load} load */
async function measure({ url, shape, concurrency, seconds }) {
  const agent = new Agent({ keepAlive: true, maxSockets: concurrency });
  const toSend = bodiesOf(shape);
  let sent = 0;
  const one = () => post(agent, url, /** @type {Buffer} */ (toSend[sent++ % BODIES]));
  await Promise.all(Array.from({ length: concurrency }, one));

  /** @type {number[]} */
  const times = [];
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

/** @param {import('./cases.js').Shape} shape */
function bodiesOf(shape) {
  const key = JSON.stringify(shape);
  const made =
    bodies.get(key) ??
    Array.from({ length: BODIES }, (_, seed) =>
      Buffer.from(JSON.stringify(makeSamples(shape, seed))),
    );
  bodies.set(key, made);
  return made;
}

/**
 * @param {Agent} agent
 * @param {string} url
 * @param {Buffer} body
 * @returns {Promise<void>}
 */
function post(agent, url, body) {
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
