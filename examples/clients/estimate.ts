// How much do two columns tell about two others? Node 22.18 or later runs it as it is: node estimate.ts
const url = process.env.MISTD_URL ?? 'http://127.0.0.1:3000';

type Reply = {
  estimate: number;
  unit: 'nats' | 'bits';
  interval: { level: number; lower: number; upper: number };
  warnings: { code: string; message: string }[];
};

const x = Array.from({ length: 300 }, () => [Math.random(), Math.random()]);
const y = x.map(([a = 0, b = 0]) => [a + b + 0.2 * Math.random(), b - a + 0.2 * Math.random()]);

const response = await fetch(`${url}/estimate`, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ x, y }),
});
const reply = (await response.json()) as Reply;
const { level, lower, upper } = reply.interval;
console.log(
  `${reply.estimate.toFixed(3)} ${reply.unit}, ${100 * level}% between ${lower.toFixed(3)} and ${upper.toFixed(3)}`,
);

export {};
