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
    remedy: 'Send UTF-8, a header, cells separated by commas, and as many cells in every row.',
  },
  invalid_tensor: {
    status: 400,
    title: 'The body is not as long as its shape says',
    remedy: 'Send x, then y, row by row, little-endian; rows, dim_x, dim_y and dtype say how many.',
  },
  invalid_npy: {
    status: 400,
    title: 'The body is not a NumPy file',
    remedy: 'Send what numpy.savez(file, x=x, y=y) wrote, whole, arrays of one or two dimensions.',
  },
  invalid_parquet: {
    status: 400,
    title: 'The body is not a Parquet file',
    remedy: 'Send the whole file, with columns of numbers, booleans or texts.',
  },
  unsupported_dtype: {
    status: 400,
    title: 'The elements of an array or column are not of a type that is read',
    remedy: 'Convert them first: in NumPy, array.astype("float64").',
  },
  unknown_column: {
    status: 400,
    title: 'There is no such column',
    remedy: 'Correct the name.',
  },
  weights_not_supported: {
    status: 400,
    title: 'Sample weights are not supported',
    remedy: 'Leave the weights out, or draw rows by their weights before sending them.',
  },
  missing_field: {
    status: 400,
    title: 'A required field is missing',
    remedy: 'Add the field.',
  },
  unknown_field: {
    status: 400,
    title: 'The request has a field that does not exist',
    remedy: 'Remove the field or correct its name.',
  },
  invalid_type: {
    status: 400,
    title: 'A value has the wrong type',
    remedy: 'Send a value of the type named.',
  },
  invalid_value: {
    status: 400,
    title: 'A value is not among those allowed',
    remedy: 'Send one of the values named.',
  },
  out_of_range: {
    status: 400,
    title: 'A value is outside its range',
    remedy: 'Send a value inside the range.',
  },
  not_a_number: {
    status: 400,
    title: 'A value is not a number',
    remedy:
      'Send finite numbers; /estimate and /estimate/classical also take whole columns of texts or booleans, and null for a missing value.',
  },
  not_finite: {
    status: 400,
    title: 'A sample is not finite',
    remedy: 'Send numbers that fit a 64-bit float (below 1.8e308 in size).',
  },
  missing_value: {
    status: 400,
    title: 'A sample is missing',
    remedy: 'Fill it in, or leave out such rows: by yourself, or with "missing": "drop_rows".',
  },
  empty_samples: {
    status: 400,
    title: 'There are no samples',
    remedy: 'Send at least two rows of at least one number; to /did, pairs or candidates.',
  },
  ragged_rows: {
    status: 400,
    title: 'Rows differ in length',
    remedy: 'Give every row the same number of columns.',
  },
  unequal_rows: {
    status: 400,
    title: 'Sides differ in their number of rows',
    remedy: 'Send all sides of the same observations, row by row.',
  },
  too_few_rows: {
    status: 400,
    title: 'Too few rows',
    remedy: 'Send at least two rows; some hundreds give a useful interval.',
  },
  too_many_rows: {
    status: 400,
    title: 'Too many rows',
    remedy: 'Send a random subset of the rows, or raise MAX_ROWS on the server.',
  },
  too_many_columns: {
    status: 400,
    title: 'Too many columns',
    remedy: 'Send fewer columns, or raise MAX_DIM (a side) or MAX_COLUMNS (a table) on the server.',
  },
  too_many_categories: {
    status: 400,
    title: 'Too many categories',
    remedy: 'Merge rare categories, or leave a column out whose values name the rows.',
  },
  too_few_columns: {
    status: 400,
    title: 'Too few columns',
    remedy: 'Send at least one column to screen, and at least two to compare with each other.',
  },
  no_gradient: {
    status: 400,
    title: 'The model has no gradient',
    remedy: 'Name a model that lists gradient.onnx among the files of GET /models/{id}.',
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
      'A log ratio needs a positive probability under both models: score the completion without top-k or top-p truncation, or leave it out.',
  },
  missing_token: {
    status: 400,
    title: 'A completion token has no log-probability',
    remedy: 'Send the log-probability of every token of the completion, and of no other token.',
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
      'Give different candidates different ids, and one candidate the same log-probs each time.',
  },
  too_many_pairs: {
    status: 400,
    title: 'Too many pairs or candidates',
    remedy: 'Send a random subset of the prompts, or raise MAX_PAIRS on the server.',
  },
  too_few_candidates: {
    status: 400,
    title: 'Too few candidates',
    remedy: 'Send at least two candidates of each prompt: a distribution over one is always 1.',
  },
  incomplete_support: {
    status: 400,
    title: 'The candidates are not the whole support',
    remedy:
      'Send every possible completion, so that the probabilities sum to 1 under each model, or name the model that they were drawn from.',
  },
  bad_request: {
    status: 400,
    title: 'The request cannot be read',
    remedy: 'Compare it with the examples at /docs.',
  },
  unknown_model: {
    status: 404,
    title: 'There is no such model',
    remedy: 'GET /models lists the models.',
  },
  not_found: {
    status: 404,
    title: 'There is no such route',
    remedy: 'GET /docs lists the routes.',
  },
  method_not_allowed: {
    status: 405,
    title: 'The route does not take this method',
    remedy: 'Use a method that the Allow header names.',
  },
  body_too_large: {
    status: 413,
    title: 'The body is too large',
    remedy:
      'Send fewer rows or digits, or raise MAX_BODY_BYTES (rows streamed as NDJSON or CSV: MAX_STREAM_BYTES) on the server.',
  },
  unsupported_media_type: {
    status: 415,
    title: 'The content type is not supported',
    remedy:
      'Send JSON with the header "content-type: application/json"; to /estimate/batch, lines of JSON with "application/x-ndjson"; to /estimate and /estimate/classical, also CSV, Parquet, NumPy files or raw numbers; pairs to /did also as CSV or lines of JSON.',
  },
  unsupported_encoding: {
    status: 415,
    title: 'The content encoding is not supported',
    remedy: 'Send the body uncompressed, without a content-encoding header.',
  },
  client_gone: {
    // As nginx logs it; nobody is left to read the reply.
    status: 499,
    title: 'The client closed the connection',
    remedy: 'Wait for the reply.',
  },
  model_failed: {
    status: 500,
    title: 'The model failed on these samples',
    remedy: 'Please report the request id; other requests are not affected.',
  },
  internal_error: {
    status: 500,
    title: 'The server failed',
    remedy: 'Please report the request id.',
  },
  model_unavailable: {
    status: 503,
    title: 'The model is not loaded',
    remedy: 'Wait for GET /health/ready to answer 200; it says what is missing.',
  },
  queue_full: {
    status: 503,
    title: 'Too many requests are waiting',
    remedy: 'Send again after the seconds in the Retry-After header.',
  },
  shutting_down: {
    status: 503,
    title: 'The server is shutting down',
    remedy: 'Send again; another instance will answer.',
  },
  worker_died: {
    status: 503,
    title: 'The thread that ran the model ended unexpectedly',
    remedy: 'Send again; the thread is being replaced.',
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

/** An error with a code from the table; `message` says what happened in this very request. */
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
