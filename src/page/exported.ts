import { loadScript } from './script-tag.js';

declare global {
  interface Window {
    /** Called by the data files of exported pages, each with the address that it answers and the answer as JSON. */
    hafAnswer?: (address: string, json: string) => void;
  }
}

/** Whether these are pages that were written as files: there is no server to ask, only files. */
export const isExported = document.documentElement.hasAttribute('data-exported');

/** The address of the index, which says which file holds the answer to which address. */
const indexAddress = 'index';
const answers = new Map<string, unknown>();
let index: Promise<ReadonlyMap<string, string>> | null = null;

/**
 * The file that holds the answer to an address; undefined when exported pages do not hold it.
 *
 * Data files are scripts: a browser lets no page that is opened as a file (`file://`) read other files, but runs scripts beside it.
 */
export async function fileOf(address: string): Promise<string | undefined> {
  index ??= answerIn('data/index.js', indexAddress).then((found) => new Map(found as [string, string][]));
  return (await index).get(address);
}

/** The answer in a data file. */
export async function answerIn(file: string, address: string): Promise<unknown> {
  window.hafAnswer = (answered, json) => answers.set(answered, JSON.parse(json));
  await loadScript(file);
  return answers.get(address);
}
