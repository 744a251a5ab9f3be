import { COMPUTED_DEFAULTS, type Config, ConfigSchema } from '../src/config.js';
import { ERRORS } from '../src/errors.js';
import {
  ESTIMATE_WARNING_CODES,
  PREFERENCE_WARNING_CODES,
  WARNINGS,
  type WarningCode,
} from '../src/warnings.js';

/** The pages of docs/ that are made from the code; `npm run generate` writes them. */
export function referencePages(): Record<string, string> {
  return {
    'docs/settings.md': settingsPage(),
    'docs/warnings.md': warningsPage(),
    'docs/errors.md': errorsPage(),
  };
}

const NOTE = '<!-- Made by `npm run generate`; do not edit. -->';

function settingsPage(): string {
  const settings = Object.entries(ConfigSchema.properties) as unknown as [keyof Config, Setting][];
  const rows = settings.map(([name, setting]) => [
    `\`${name}\``,
    setting.description,
    COMPUTED_DEFAULTS[name] ?? defaultOf(name, setting),
    rangeOf(setting),
  ]);
  return page(
    'Settings',
    'Every setting is an environment variable. The service does not start with a value outside its range.',
    table(['name', 'meaning', 'default', 'range'], rows),
  );
}

interface Setting {
  readonly description: string;
  readonly default?: string | number | boolean;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly enum?: readonly string[];
}

function defaultOf(name: string, { default: value }: Setting): string {
  if (value === undefined) return 'none';
  const mebibytes = name.endsWith('_BYTES') ? ` (${Number(value) / 2 ** 20} MiB)` : '';
  return `\`${value}\`${mebibytes}`;
}

function rangeOf({ minimum, maximum, minLength, enum: values }: Setting): string {
  if (values !== undefined) return values.map((value) => `\`${value}\``).join(', ');
  if (minimum !== undefined) {
    return maximum === undefined ? `at least ${minimum}` : `${minimum} to ${maximum}`;
  }
  return minLength === undefined ? 'any' : 'not empty';
}

function warningsPage(): string {
  const section = (title: string, codes: readonly WarningCode[]) => {
    const rows = codes.map((code) => [
      `\`${code}\``,
      WARNINGS[code].meaning,
      WARNINGS[code].action,
    ]);
    return `## ${title}\n\n${table(['code', 'what it means', 'what to do'], rows)}`;
  };
  return page(
    'Warnings',
    'A reply lists its warnings in the order of these tables. Codes are stable; each message gives the figures of the request.',
    section('Samples and estimates', ESTIMATE_WARNING_CODES),
    section('Preference data', PREFERENCE_WARNING_CODES),
  );
}

function errorsPage(): string {
  const rows = Object.entries(ERRORS).map(([code, { status, title, remedy }]) => [
    `\`${code}\``,
    String(status),
    title,
    remedy,
  ]);
  return page(
    'Errors',
    'Errors are problem documents ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)) with a stable `code`, a `pointer` to the field at fault and a `detail` that says what to do.',
    table(['code', 'status', 'title', 'what to do'], rows),
  );
}

function page(title: string, ...parts: string[]): string {
  return `${[`# ${title}`, NOTE, ...parts].join('\n\n')}\n`;
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n');
}
