// A child process that reads damaged inputs with one reader and reports each result to its parent. Arguments: reader,
// first seed, end of the seeds (not included), folder.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { damaged, soundFiles, values, width } from './fuzz-inputs.mjs';

const [reader, first, end, folder] = process.argv.slice(2);
const built = '../../dist/src';
const { HafError } = await import(`${built}/pipeline/core/errors.js`);

async function readerOf() {
  const path = join(folder, `001.${reader}`);
  const put = (file) => (writeFileSync(path, file), path);
  if (['h5', 'npz', 'pt', 'npy', 'safetensors'].includes(reader)) {
    const { readFeatures } = await import(`${built}/operators/features/reading-thread.js`);
    const request = {
      path,
      name: `001.${reader}`,
      modality: 'WSI',
      patient: '001',
      tiling: 'tissue',
      width,
      onNonFinite: 'error',
    };
    return async (file) => {
      put(file);
      return readFeatures(request, { seconds: 8, memoryMiB: 256 });
    };
  }
  if (reader === 'csv') {
    const { readTextTable } = await import(`${built}/operators/tables/text-table.js`);
    return (file) => readTextTable(put(file), { name: 'a.csv', id: ['patient_id'], missing: ['NA'] });
  }
  if (reader === 'yaml') {
    const { loadConfig } = await import(`${built}/pipeline/config/load.js`);
    return (file) => loadConfig({ file: put(file) });
  }
  if (reader === 'split') {
    const { readFolds, readOfficialSplit } = await import(`${built}/operators/splits/split-file.js`);
    const idOf = (id) => id;
    return (file) => {
      const text = file.toString();
      let first;
      try {
        readFolds('a.json', text, 2, idOf);
      } catch (error) {
        first = error;
      }
      if (first && HafError.from(first).code === 'HAF_INTERNAL') throw first;
      return readOfficialSplit('a.json', text, idOf);
    };
  }
  const { parseMessage } = await import(`${built}/pipeline/bus/nats/queue-message.js`);
  const { runEventSchema } = await import(`${built}/pipeline/run-event.js`);
  const { workItemSchema } = await import(`${built}/pipeline/bus/nats/work-item.js`);
  const { memberSchema } = await import(`${built}/pipeline/bus/member.js`);
  return (file) => {
    parseMessage(file);
    let json;
    try {
      json = JSON.parse(file.toString());
    } catch {
      return;
    }
    for (const schema of [runEventSchema, workItemSchema, memberSchema]) schema.safeParse(json);
  };
}

/** Whether the reader returned changed values although a checksum covers them. */
function silent(content, { original, file, at }) {
  const read = content?.bags?.[0]?.values;
  if (read === undefined || (read.length === values.length && read.every((value, i) => value === values[i])))
    return false;
  // npz and pt files are zip archives, whose checksums cover all values. So changed values are a fault if the array has
  // the right number of values. The names of arrays may be damaged, too. A reader may then take `coords` of an npz for
  // `features`. This test does not see that, because both arrays hold the same values.
  if (reader === 'npz' || reader === 'pt') return read.length === values.length;
  if (reader !== 'h5' || at === null || at.length === 0) return false;
  // Looks for the part of the file that holds the numbers uncompressed and is covered by a Fletcher checksum.
  const checked = original.includes(Buffer.from('fletcher32'));
  const chunk = Buffer.from(values.buffer, 0, 4 * 4 * width);
  const start = original.indexOf(chunk);
  return (
    checked &&
    file.length === original.length &&
    at.every((place) => place >= start && place < start + chunk.length)
  );
}

const read = await readerOf();
const sound = (await soundFiles())[reader];
for (let seed = Number(first); seed < Number(end); seed++) {
  process.send({ seed });
  const input = damaged(sound, seed);
  let outcome = 'read';
  try {
    if (silent(await read(input.file), input)) outcome = 'SILENT';
  } catch (error) {
    const { code, what } = HafError.from(error);
    outcome =
      code === 'HAF_INTERNAL' ? `INTERNAL ${what}` : code === 'HAF_INPUT_LIMIT' ? `LIMIT ${what}` : code;
  }
  // Wait until the message is sent: messages in the queue are lost when the process ends.
  await new Promise((sent) =>
    process.send({ seed, outcome, rss: process.resourceUsage().maxRSS / 1024 }, sent),
  );
}
process.exit(0);
