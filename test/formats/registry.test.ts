import { describe, expect, it } from 'vitest';
import { ERRORS } from '../../src/errors.js';
import {
  FORMATS,
  type Format,
  formatOfMediaType,
  pairFormats,
  tableFormats,
} from '../../src/formats/registry.js';
import { SERIES, TABLE, TARGET, TRIPLE, XY } from '../../src/formats/table/layout.js';

const formats: [string, Format][] = Object.entries(FORMATS);
const mediaTypes = formats.flatMap(([, format]) => [...format.mediaTypes]);

describe('the registry of formats', () => {
  it('gives each media type to one format', () => {
    expect(new Set(mediaTypes).size).toBe(mediaTypes.length);
    for (const [name, format] of formats) {
      for (const type of format.mediaTypes) expect(formatOfMediaType(type)).toBe(name);
    }
  });

  it('writes media types as the content-type header is compared: lower case, no parameters', () => {
    for (const type of mediaTypes) expect(type).toMatch(/^[a-z]+\/[a-z0-9.-]+$/);
  });

  it.each(['text/plain', 'application/json5', 'constructor', ''])(
    'knows no format of %j',
    (type) => {
      expect(formatOfMediaType(type)).toBeUndefined();
    },
  );

  it('names the error of each format, which the client is to blame for', () => {
    for (const [, { error }] of formats) expect(ERRORS[error].status).toBe(400);
  });

  it('has a reader of samples for every format but JSON, and of pairs for those of lines', () => {
    const error = (list: readonly Format[]) => list.map((format) => format.mediaTypes[0]);
    expect(error(tableFormats())).toEqual(
      formats.flatMap(
        ([
          name,
          {
            mediaTypes: [type],
          },
        ]) => (name === 'json' ? [] : [type]),
      ),
    );
    expect(error(pairFormats()).sort()).toEqual(['application/x-ndjson', 'text/csv']);
  });

  it('describes every body that a format can hold', () => {
    for (const layout of [XY, SERIES, TRIPLE, TABLE, TARGET]) {
      for (const { mediaTypes, table } of tableFormats()) {
        const schema = table.describe(layout);
        const holds = layout.apart === undefined || mediaTypes[0] !== 'application/octet-stream';
        expect(schema !== undefined, mediaTypes[0]).toBe(holds);
      }
    }
  });
});
