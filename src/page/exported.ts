import { loadScript } from './script-tag.js';

declare global {
  interface Window {
    /** Each data file of exported pages calls this function with its address and with the answer as JSON. */
    hafAnswer?: (address: string, json: string) => void;
  }
}

/** Whether this page is exported: no server answers its requests, and all its data are files. */
export const isExported = document.documentElement.hasAttribute('data-exported');

/** The address of the index, which names the file for each address. */
const indexAddress = 'index';
const answers = new Map<string, unknown>();
let index: Promise<ReadonlyMap<string, string>> | null = null;

/**
 * The file that holds the answer for an address; undefined if the exported pages do not contain it.
 *
 * Data files are scripts, because a browser does not let a page from the file system (`file://`) read other files, but does run
 * scripts beside it.
 */
export async function fileOf(address: string): Promise<string | undefined> {
  index ??= answerIn('data/index.js', indexAddress).then((found) => new Map(found as [string, string][]));
  return (await index).get(address);
}

/** Reads the answer from a data file. */
export async function answerIn(file: string, address: string): Promise<unknown> {
  window.hafAnswer = (answered, json) => answers.set(answered, JSON.parse(json));
  await loadScript(file);
  return answers.get(address);
}
