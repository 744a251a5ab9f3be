/**
 * Every error a client can see: HTTP status, title, and what to do about it.
 * Codes are stable; clients may switch on them.
 */
export const ERRORS = {
  invalid_json: {
    status: 400,
    title: 'The body is not valid JSON',
    remedy: 'Send one JSON object in UTF-8. JSON has no NaN or Infinity; null is a missing value.',
  },
  invalid_csv: {
    status: 400,
    title: 'The body is not valid CSV',
    remedy:
      'Send UTF-8 text: a header line, cells separated by commas, and the same number of cells in every row.',
  },
  invalid_tensor: {
    status: 400,
    title: 'The length of the body does not match its shape',
    remedy:
      'Send x, then y, row by row, as little-endian numbers; rows, dim_x, dim_y and dtype must describe them.',
  },
  invalid_npy: {
    status: 400,
    title: 'The body is not a NumPy file',
    remedy:
      'Send the complete file that numpy.savez(file, x=x, y=y) or numpy.save wrote; arrays must have one or two dimensions.',
  },
  invalid_parquet: {
    status: 400,
    title: 'The body is not a Parquet file',
    remedy: 'Send the complete file; its columns must hold numbers, booleans or strings.',
  },
  unsupported_dtype: {
    status: 400,
    title: 'An array or column has an unsupported element type',
    remedy: 'Convert it first; in NumPy: array.astype("float64").',
  },
  unknown_column: {
    status: 400,
    title: 'There is no such column',
    remedy: 'Correct the name.',
  },
  weights_not_supported: {
    status: 400,
    title: 'Sample weights are not supported',
    remedy: 'Leave out the weights, or resample the rows in proportion to them before sending.',
  },
  missing_field: {
    status: 400,
    title: 'A required field is missing',
    remedy: 'Add the field.',
  },
  unknown_field: {
    status: 400,
    title: 'The request has an unknown field',
    remedy: 'Remove the field or correct its name.',
  },
  invalid_type: {
    status: 400,
    title: 'A value has the wrong type',
    remedy: 'Send a value of the expected type.',
  },
  invalid_value: {
    status: 400,
    title: 'A value is not allowed',
    remedy: 'Send an allowed value.',
  },
  out_of_range: {
    status: 400,
    title: 'A value is outside its range',
    remedy: 'Send a value within the range.',
  },
  not_a_number: {
    status: 400,
    title: 'A value is not a number',
    remedy:
      'Send finite numbers. Where missing values and categories are supported, null is a missing value and a column may hold only strings or only booleans.',
  },
  not_finite: {
    status: 400,
    title: 'A sample is not finite',
    remedy: 'Send numbers that fit a 64-bit float (magnitude below 1.8e308).',
  },
  missing_value: {
    status: 400,
    title: 'A sample is missing',
    remedy:
      'Fill in the value, or leave out rows with missing values: remove them, or set "missing": "drop_rows".',
  },
  empty_samples: {
    status: 400,
    title: 'There are no samples',
    remedy:
      'Send at least two rows and one column; for preference data, at least one pair, or two candidates per prompt.',
  },
  ragged_rows: {
    status: 400,
    title: 'Rows differ in length',
    remedy: 'Give every row the same number of columns.',
  },
  unequal_rows: {
    status: 400,
    title: 'The numbers of rows differ',
    remedy: 'Send one row per observation in every array or column.',
  },
  too_few_rows: {
    status: 400,
    title: 'Too few rows',
    remedy: 'Send at least two rows; a few hundred give a useful interval.',
  },
  too_many_rows: {
    status: 400,
    title: 'Too many rows',
    remedy: 'Send a random subset of the rows, or raise MAX_ROWS on the server.',
  },
  too_many_columns: {
    status: 400,
    title: 'Too many columns',
    remedy:
      'Send fewer columns, or raise MAX_DIM (columns per side) or MAX_COLUMNS (columns per table) on the server.',
  },
  too_many_categories: {
    status: 400,
    title: 'Too many categories',
    remedy: 'Merge rare categories, or leave out a column that only identifies the rows.',
  },
  too_few_columns: {
    status: 400,
    title: 'Too few columns',
    remedy: 'Send at least one feature to rank, or at least two columns to compare.',
  },
  no_gradient: {
    status: 400,
    title: 'The model has no gradient',
    remedy: 'Choose a model that has the file gradient.onnx; GET /models/{id} lists the files.',
  },
  invalid_utf8: {
    status: 400,
    title: 'The body is not UTF-8',
    remedy: 'Send the text encoded in UTF-8.',
  },
  positive_log_prob: {
    status: 400,
    title: 'A log-probability is positive',
    remedy: 'Send natural logarithms of probabilities, which are at most 0.',
  },
  zero_probability: {
    status: 400,
    title: 'A log-probability is −Infinity',
    remedy:
      'Score the completion without top-k or top-p truncation, or leave it out: a log ratio needs a positive probability under both models.',
  },
  missing_token: {
    status: 400,
    title: 'A completion token has no log-probability',
    remedy: 'Send the log-probability of every completion token, and of no other token.',
  },
  token_counts_differ: {
    status: 400,
    title: 'The token counts of one completion differ',
    remedy: 'Score the same completion tokens under both models.',
  },
  candidates_disagree: {
    status: 400,
    title: 'One candidate has two different log-probabilities',
    remedy:
      'Give different candidates different ids, and send the same log-probabilities whenever a candidate is repeated.',
  },
  too_many_pairs: {
    status: 400,
    title: 'Too many pairs or candidates',
    remedy: 'Send a random subset of the prompts, or raise MAX_PAIRS on the server.',
  },
  too_few_candidates: {
    status: 400,
    title: 'Too few candidates',
    remedy:
      'Send at least two candidates per prompt: a distribution over a single candidate is always 1.',
  },
  incomplete_support: {
    status: 400,
    title: 'The candidates are not the whole support',
    remedy:
      'Send every possible completion, so that the probabilities sum to 1 under each model, or name the model that the candidates were drawn from.',
  },
  bad_request: {
    status: 400,
    title: 'The request cannot be read',
    remedy: 'Compare it with the examples at /docs.',
  },
  unknown_model: {
    status: 404,
    title: 'There is no such model',
    remedy: 'List the models with GET /models.',
  },
  not_found: {
    status: 404,
    title: 'There is no such route',
    remedy: 'See the list of routes at /docs.',
  },
  method_not_allowed: {
    status: 405,
    title: 'The route does not support this method',
    remedy: 'Use a method from the Allow header.',
  },
  body_too_large: {
    status: 413,
    title: 'The body is too large',
    remedy:
      'Send fewer rows or digits, or raise MAX_BODY_BYTES on the server (MAX_STREAM_BYTES for pairs streamed as NDJSON or CSV).',
  },
  unsupported_media_type: {
    status: 415,
    title: 'The content type is not supported',
    remedy:
      'Name the format of the body in the content-type header, for example "application/json". See /docs for the formats that each route accepts.',
  },
  unsupported_encoding: {
    status: 415,
    title: 'The content encoding is not supported',
    remedy: 'Send the body uncompressed, without a content-encoding header.',
  },
  client_gone: {
    // The status that nginx logs in this case; no client is left to read the reply.
    status: 499,
    title: 'The client closed the connection',
    remedy: 'Wait for the reply.',
  },
  model_failed: {
    status: 500,
    title: 'The model failed on these samples',
    remedy: 'Report the request id; other requests are not affected.',
  },
  internal_error: {
    status: 500,
    title: 'The server failed',
    remedy: 'Report the request id.',
  },
  model_unavailable: {
    status: 503,
    title: 'The model is not loaded',
    remedy: 'Wait until GET /health/ready answers 200; until then, its reply gives the reasons.',
  },
  queue_full: {
    status: 503,
    title: 'Too many requests are waiting',
    remedy: 'Send the request again after the number of seconds in the Retry-After header.',
  },
  shutting_down: {
    status: 503,
    title: 'The server is shutting down',
    remedy: 'Send the request again; another instance will answer.',
  },
  worker_died: {
    status: 503,
    title: 'The thread that ran the model ended unexpectedly',
    remedy: 'Send the request again; the thread is being replaced.',
  },
  deadline_exceeded: {
    status: 504,
    title: 'The reply took too long',
    remedy:
      'Send fewer rows or columns, ask for fewer permutations, or raise REQUEST_TIMEOUT_MS on the server.',
  },
} as const satisfies Record<string, { status: number; title: string; remedy: string }>;

export type ErrorCode = keyof typeof ERRORS;

export interface ErrorDetails {
  /** JSON pointer (RFC 6901) of the field or element at fault; '' is the whole body. */
  readonly pointer?: string;
  readonly retryAfterSeconds?: number;
  /** Methods for the Allow header of a 405. */
  readonly allow?: readonly string[];
  readonly cause?: unknown;
}

/** An error with a code from the table; `message` describes what happened in this request. */
export class MistdError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, { cause: details.cause });
    this.name = 'MistdError';
    this.code = code;
    this.details = details;
  }
}

/** One step of a JSON pointer, escaped (RFC 6901, section 3). */
export function pointerStep(key: string | number): string {
  return `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
