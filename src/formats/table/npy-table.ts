import type { Column } from '../../samples/columns.js';
import { choiceFields } from './layout.js';
import { readNpy } from './npy.js';
import { checkTable, chosenNames, sidesOf } from './table.js';
import { binarySchema, choiceOf, choiceText, type TableFormat } from './table-format.js';
import { sideOfRows } from './tensor.js';

/** An npy file: a table whose columns are called 0, 1, … */
export const npyTable: TableFormat = {
  places: choiceFields,
  read(bytes, source) {
    const { layout, limits } = source;
    const { shape, numbers, boolean } = readNpy(bytes, 'The body');
    const [rows = 0, width = 1] = shape;
    const known = Array.from({ length: width }, (_, c) => String(c));
    const names = chosenNames(known, layout, choiceOf(source));
    checkTable(rows, names, layout, limits);
    const { columns } = sideOfRows('', numbers, rows, width, boolean ? 'boolean' : 'number');
    return sidesOf(names, (name) => columns[Number(name)] as Column);
  },
  describe: (layout) =>
    binarySchema(
      `One array of two dimensions. Query parameters choose its columns by number, from 0: ${choiceText(layout)}`,
    ),
};
