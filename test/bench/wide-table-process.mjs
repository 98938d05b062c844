/**
 * Reads one table in a separate process, so that its memory can be measured alone. Arguments: path, kind of the
 * columns. Prints {seconds, rssMb, columns, faults}.
 */
import { defaultMissing } from '../../dist/src/pipeline/config/data-schema.js';
import { readTextTable } from '../../dist/src/operators/tables/text-table.js';
import { typedTable } from '../../dist/src/operators/tables/typed-table.js';
import { typedTableFiles, typedTableSchema } from '../../dist/src/operators/tables/typed-table-data.js';

const [path, others] = process.argv.slice(2);
const before = performance.now();
const text = await readTextTable(path, { name: path, id: ['PATIENT'], missing: defaultMissing });
const { table, faults } = typedTable(text, { columns: {}, others });
const files = typedTableFiles(table);
typedTableSchema.parse(JSON.parse(JSON.stringify(files['table.json'])));
const seconds = (performance.now() - before) / 1000;
const rssMb = process.resourceUsage().maxRSS / 1024;
console.log(
  JSON.stringify({
    seconds,
    rssMb,
    columns: table.columns.length,
    faults: faults.length + text.faults.length,
  }),
);
