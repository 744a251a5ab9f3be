import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Problem } from '../../../src/http/problem-schema.js';
import { gaussian } from '../../data.js';
import { type Answer, type Service, startService } from '../../service.js';

let service: Service;
beforeAll(async () => {
  service = await startService({ MAX_BODY_BYTES: 200_000, WORKERS: 1 });
});
afterAll(() => service.close());

const fixture = (name: string) => readFile(`test/fixtures/${name}`);

function send<T>(type: string, body: string | Uint8Array, query = ''): Promise<Answer<T>> {
  return service.post<T>(body, { 'content-type': type }, `/estimate${query}`);
}

/** The first 40 patients of the diabetes data set. */
const csv = (await readFile('examples/diabetes.csv', 'utf8')).split('\n').slice(0, 41).join('\n');
const [header = '', ...lines] = csv.split('\n');
const table = lines.map((line) => line.split(',').map(Number));
const column = (name: string) => table.map((row) => row[header.split(',').indexOf(name)] as number);
const x = table.map((_, r) => [column('bmi')[r] as number, column('bp')[r] as number]);
const y = column('target');

describe('the same samples give the same answer as in JSON', () => {
  const estimateOf = async (body: object) => (await service.post(body)).body.estimate;
  const expectSame = async (type: string, body: string | Uint8Array, query: string) => {
    const answer = await send<{ estimate: number; samples: object }>(type, body, query);
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
    expect(answer.body.samples).toMatchObject({ rows: 40, dim_x: 2, dim_y: 1, dropped: 0 });
    expect(answer.body.estimate).toBeCloseTo(await estimateOf({ x, y }), 4);
  };

  it('as CSV', () => expectSame('text/csv; charset=utf-8', csv, '?x=bmi,bp&y=target'));

  it('as CSV with quotes, spaces, CRLF and a byte order mark', () => {
    const quoted = csv.replaceAll('\n', '\r\n').replaceAll(/(\d+\.\d+)/g, ' $1 ');
    const named = quoted.replace('bmi', '"b,m""i"');
    return expectSame(
      'text/csv',
      `\ufeff${named}\r\n`,
      `?x=${encodeURIComponent('b,m"i')}&x=bp&y=target`,
    );
  });

  it('as NDJSON', () => {
    const rows = table.map((_, r) => JSON.stringify({ a: x[r]?.[0], b: x[r]?.[1], y: y[r] }));
    return expectSame('application/x-ndjson', rows.join('\n'), '?x=a,b');
  });

  it.each(['float32', 'float64'])('as raw %s', (dtype) => {
    const numbers = [...x.flat(), ...y];
    const raw = dtype === 'float32' ? Float32Array.from(numbers) : Float64Array.from(numbers);
    const query = `?rows=40&dim_x=2&dim_y=1&dtype=${dtype}`;
    return expectSame('application/octet-stream', new Uint8Array(raw.buffer), query);
  });

  it.each(['plain', 'compressed', 'fortran-f4'])('as %s.npz', async (name) =>
    expectSame('application/x-npz', await fixture(`${name}.npz`), ''),
  );

  it('as npy', async () =>
    expectSame('application/x-npy', await fixture('table.npy'), '?x=0,1&y=2'));

  it.each(['none', 'snappy', 'gzip', 'brotli', 'zstd', 'lz4'])('as Parquet, %s', async (codec) =>
    expectSame(
      'application/vnd.apache.parquet',
      await fixture(`${codec}.parquet`),
      '?x=bmi,bp&y=target',
    ),
  );
});

describe('options in the query string', () => {
  it('have the same meaning as in JSON', async () => {
    const options = { quantiles: [0.2, 0.8], level: 0.5, unit: 'bits', id: 'a', seed: 4 };
    const json = await service.post({ x, y, ...options });
    const query =
      '&quantiles=0.2,0.8&level=0.5&unit=bits&id=a&seed=4&checks=true&missing=drop_rows';
    const { body } = await send<typeof json.body>('text/csv', csv, `?x=bmi,bp&y=target${query}`);
    expect(body).toMatchObject({
      quantiles: json.body.quantiles,
      interval: json.body.interval,
      unit: 'bits',
      id: 'a',
    });
    expect(body.check?.method).toBe('ksg1');
  });

  it.each([
    ['?x=bmi&y=target&level=2', 'out_of_range', '/level'],
    ['?x=bmi&y=target&level=high', 'invalid_type', '/level'],
    ['?x=bmi&y=target&quantiles=0.5,x', 'invalid_type', '/quantiles/1'],
    ['?x=bmi&y=target&checks=maybe', 'invalid_type', '/checks'],
    ['?x=bmi&y=target&unit=bits&unit=nats', 'invalid_value', '/unit'],
    ['?x=bmi&y=target&missing=guess', 'invalid_value', '/missing'],
    ['?x=bmi&y=target&rows=3', 'unknown_field', '/rows'],
    ['?x=bmi&y=target&x.a=bp', 'unknown_field', '/x/a'],
    ['?x=bmi&y=target&missing.a=error', 'unknown_field', '/missing/a'],
    ['?x=bmi&y=target&__proto__=3', 'unknown_field', '/__proto__'],
    ['?x=bmi&y=target&weights=age', 'weights_not_supported', '/weights'],
    ['?x=bmi,weight&y=target', 'unknown_column', '/x'],
    ['', 'unknown_column', '/x'],
    ['?x=bmi&y=target&categorical=age', 'unknown_column', '/categorical/0'],
  ])('%s: 400 %s', async (query, code, pointer) => {
    const { status, body } = await send<Problem>('text/csv', csv, query);
    expect(body).toMatchObject({ code, pointer });
    expect(status).toBe(400);
  });
});

describe('values of several types', () => {
  it('strings and booleans are read alike from CSV and Parquet', async () => {
    const rows = table.map((_, r) => {
      const sex = column('sex')[r] === 1 ? 'woman' : 'man';
      return `${sex},${(column('age')[r] as number) > 50 ? 'True' : 'FALSE'},${y[r]}`;
    });
    const text = ['sex,old,target', ...rows].join('\n');
    const query = '?x=sex,target&y=old';
    const fromCsv = await send<{ estimate: number }>('text/csv', text, query);
    const file = await fixture('snappy.parquet');
    const fromParquet = await send<{ estimate: number }>('application/x-parquet', file, query);
    expect(fromCsv.body).toMatchObject({
      samples: {
        discrete: [
          { name: 'sex', type: 'categorical', levels: 2 },
          { name: 'old', type: 'boolean', levels: 2 },
        ],
      },
    });
    expect(fromParquet.body.estimate).toBe(fromCsv.body.estimate);
  });

  it('integers and booleans of NumPy are read', async () => {
    const answer = await send('application/zip', await fixture('integers.npz'));
    expect(answer.body).toMatchObject({ samples: { discrete: [{ name: 'y0', type: 'boolean' }] } });
  });

  it('missing values are counted in every format if rows may be dropped', async () => {
    const ndjson = y.map((v, r) =>
      r === 3 ? `{"x":null,"y":${v}}` : r === 5 ? `{"y":1}` : `{"x":${r},"y":${v}}`,
    );
    const cells = ['NA', 'nan', '', 'None', 'n/a', 'NULL'].map((cell) => `${cell},2`);
    const raw = Float64Array.from([...column('bmi'), ...y]);
    raw[4] = Number.NaN;
    const bodies: [string, string | Uint8Array, string, number][] = [
      ['text/csv', ['x,y', ...cells, ...y.map((v, r) => `${r},${v}`)].join('\n'), '', 6],
      ['application/jsonl', ndjson.join('\n'), '', 2],
      ['application/octet-stream', new Uint8Array(raw.buffer), 'rows=40', 1],
      ['application/x-npz', await fixture('nan.npz'), '', 1],
      ['application/x-parquet', await fixture('zstd.parquet'), 'x=gap&y=target', 5],
    ];
    for (const [type, body, query, dropped] of bodies) {
      const answer = await send(type, body, `?missing=drop_pairwise&${query}`);
      expect(answer.body, type).toMatchObject({ samples: { dropped } });
      expect(JSON.stringify(answer.body)).toContain('rows_dropped');
      const refused = await send<Problem>(type, body, `?${query}`);
      expect(refused.body.code, type).toBe('missing_value');
    }
  });
});

describe('a wrong file gets 4xx', () => {
  const good = { csv: '?x=bmi&y=target', raw: '?rows=40&dim_x=2' };
  const cut = async (name: string, share: number) => {
    const bytes = await fixture(name);
    return bytes.subarray(0, Math.floor(bytes.length * share));
  };
  const cases: [string, string, () => Promise<string | Uint8Array>, string, string][] = [
    ['an empty CSV', 'text/csv', async () => '', good.csv, 'empty_samples'],
    ['CSV of only a header', 'text/csv', async () => header, good.csv, 'empty_samples'],
    ['CSV cut in a row', 'text/csv', async () => csv.slice(0, -20), good.csv, 'invalid_csv'],
    ['CSV with an open quote', 'text/csv', async () => `${csv}\n"1,2`, good.csv, 'invalid_csv'],
    [
      'CSV in Latin-1',
      'text/csv',
      async () => Buffer.from('\xfc,y\n1,2', 'latin1'),
      '',
      'invalid_csv',
    ],
    ['CSV in UTF-16', 'text/csv', async () => Buffer.from(csv, 'utf16le'), good.csv, 'invalid_csv'],
    ['CSV naming a column twice', 'text/csv', async () => 'x,x,y\n1,2,3', '', 'invalid_csv'],
    ['CSV with a typo', 'text/csv', async () => 'x,y\n1,2\n2,3\n3;5,4\n', '', 'not_a_number'],
    [
      'CSV with an infinite value',
      'text/csv',
      async () => 'x,y\n1,2\n2,3\n1e999,4\n',
      '',
      'not_finite',
    ],
    ['CSV with semicolons', 'text/csv', async () => 'x;y\n1;2\n2;3\n', '', 'unknown_column'],
    [
      'a PNG as CSV',
      'text/csv',
      async () => Buffer.from('\x89PNG\r\n', 'latin1'),
      '',
      'invalid_csv',
    ],
    [
      'NDJSON cut in a line',
      'application/x-ndjson',
      async () => '{"x":1,"y":2}\n{"x":',
      '',
      'invalid_json',
    ],
    ['NDJSON of arrays', 'application/x-ndjson', async () => '[1,2]\n[3,4]', '', 'invalid_type'],
    [
      'NDJSON of nested values',
      'application/x-ndjson',
      async () => '{"x":[1],"y":2}\n{"x":2,"y":1}',
      '',
      'not_a_number',
    ],
    ['NDJSON of only blank lines', 'application/x-ndjson', async () => '\n\n', '', 'empty_samples'],
    [
      'raw numbers cut short',
      'application/octet-stream',
      async () => Buffer.alloc(959),
      good.raw,
      'invalid_tensor',
    ],
    [
      'raw numbers without rows',
      'application/octet-stream',
      async () => Buffer.alloc(960),
      '',
      'missing_field',
    ],
    [
      'raw numbers with an infinite one',
      'application/octet-stream',
      async () => Buffer.from(Float64Array.from([1, 2, 3, Infinity]).buffer),
      '?rows=2',
      'not_finite',
    ],
    ['an npz cut short', 'application/x-npz', () => cut('plain.npz', 0.7), '', 'invalid_npy'],
    [
      'an npz with a damaged number',
      'application/x-npz',
      async () => {
        const bytes = Buffer.from(await fixture('plain.npz'));
        const middle = bytes.length >> 1;
        bytes[middle] = (bytes[middle] as number) ^ 0xff;
        return bytes;
      },
      '',
      'invalid_npy',
    ],
    ['an npz of garbage', 'application/x-npz', async () => csv, '', 'invalid_npy'],
    ['an empty npz', 'application/x-npz', async () => '', '', 'invalid_npy'],
    [
      'an npz of objects',
      'application/x-npz',
      () => fixture('object.npz'),
      '',
      'unsupported_dtype',
    ],
    ['an npz of strings', 'application/x-npz', () => fixture('text.npz'), '', 'unsupported_dtype'],
    [
      'an npz of complex numbers',
      'application/x-npz',
      () => fixture('complex.npz'),
      '',
      'unsupported_dtype',
    ],
    [
      'an npz with three dimensions',
      'application/x-npz',
      () => fixture('three.npz'),
      '',
      'invalid_npy',
    ],
    [
      'an npz with unequal rows',
      'application/x-npz',
      () => fixture('unequal.npz'),
      '',
      'unequal_rows',
    ],
    ['an npz without y', 'application/x-npz', () => fixture('no-y.npz'), '', 'missing_field'],
    [
      'an npy cut short',
      'application/x-npy',
      () => cut('table.npy', 0.9),
      '?x=0&y=1',
      'invalid_npy',
    ],
    ['an npz as npy', 'application/x-npy', () => fixture('plain.npz'), '?x=0&y=1', 'invalid_npy'],
    [
      'a Parquet file cut short',
      'application/x-parquet',
      () => cut('snappy.parquet', 0.8),
      good.csv,
      'invalid_parquet',
    ],
    [
      'a Parquet file of garbage',
      'application/x-parquet',
      async () => csv,
      good.csv,
      'invalid_parquet',
    ],
    ['an empty Parquet file', 'application/x-parquet', async () => '', good.csv, 'invalid_parquet'],
    [
      'lists in a Parquet file',
      'application/x-parquet',
      () => fixture('none.parquet'),
      '?x=pair&y=target',
      'unsupported_dtype',
    ],
    [
      'an unknown column',
      'application/x-parquet',
      () => fixture('none.parquet'),
      '?x=a&y=target',
      'unknown_column',
    ],
  ];

  afterEach(async () => {
    expect((await service.get('/health/live')).status).toBe(200);
  });

  it.each(cases)('%s', async (_name, type, body, query, code) => {
    const { status, body: problem } = await send<Problem>(type, await body(), query);
    expect(problem.code, problem.detail).toBe(code);
    expect(status).toBe(400);
    expect(problem.detail).not.toContain('..');
  });

  it.each([
    ['application/x-npz', 'bomb.npz', ''],
    ['application/vnd.apache.parquet', 'bomb.parquet', ''],
  ])('%s that unpacks to more than the body limit: 413', async (type, name, query) => {
    const bytes = await fixture(name);
    expect(bytes.length).toBeLessThan(20_000);
    const { status, body } = await send<Problem>(type, bytes, query);
    expect(status).toBe(413);
    expect(body.code).toBe('body_too_large');
  });

  it('a Parquet or npz file with any byte inverted: never 500', async () => {
    for (const [type, name, query] of [
      ['application/x-parquet', 'zstd.parquet', '?x=bmi,sex&y=target'],
      ['application/x-npz', 'compressed.npz', ''],
    ] as const) {
      const bytes = await fixture(name);
      for (let i = 0; i < bytes.length; i += Math.ceil(bytes.length / 60)) {
        const wrong = Buffer.from(bytes);
        wrong[i] = (wrong[i] as number) ^ 0xff;
        const { status, body } = await send<Problem>(type, wrong, query);
        expect([200, 400, 413], JSON.stringify(body)).toContain(status);
      }
    }
  });

  it('another charset: 415', async () => {
    const { status, body } = await send<Problem>('text/csv; charset=latin1', csv, good.csv);
    expect([status, body.code]).toEqual([415, 'unsupported_media_type']);
  });

  it('CSV on a route that accepts only JSON: 415', async () => {
    const answer = await service.post(csv, { 'content-type': 'text/csv' }, '/estimate/gradient');
    expect(answer.status).toBe(415);
  });
});

it('a large JSON body is read in a helper thread, with the same answer', async () => {
  const small = gaussian(1, 300, 4, 0.5);
  const padded = `${JSON.stringify(small)}${' '.repeat(150_000)}`;
  const answer = await service.post(padded);
  expect(answer.body.estimate).toBe((await service.post(small)).body.estimate);
});
