import { loadConfig } from '../config/load.js';
import { configReference, configYaml } from '../config/print.js';
import { configJsonSchema } from '../config/schema-tree.js';
import type { ExperimentOptions } from './options.js';
import { printData, printJson, sayWarnings } from './output.js';

/** `config print`: the resolved experiment on stdout. */
export function printConfig(options: ExperimentOptions & { readonly json?: boolean }): void {
  const { config, warnings } = loadConfig({ file: options.config, set: options.set, dataRoot: options.data });
  sayWarnings(warnings);
  if (options.json) printJson(config);
  else printData(configYaml(config));
}

/** `config schema`: the JSON Schema of experiment files on stdout, for editors. */
export function printSchema(): void {
  printJson(configJsonSchema());
}

/** `config reference`: docs/configuration.md on stdout. */
export function printReference(): void {
  printData(configReference());
}
