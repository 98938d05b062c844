import { once } from 'node:events';
import { join } from 'node:path';
import type { BrokerOptions } from '../broker/connect-options.js';
import { pageAddress, type PageOptions } from '../page/page-address.js';
import { busSource } from '../page/bus-source.js';
import type { PageSource } from '../page/page-source.js';
import { HafError } from '../core/errors.js';
import { visibleInLine } from '../core/visible.js';
import { counted } from '../core/wording.js';
import { directorySource } from '../page/directory-source.js';
import { servePage } from '../page/serve-page.js';
import { RunDirectory } from '../runs/run-directory.js';
import { openJoinedBus } from './open-bus.js';
import { printData, say } from './output.js';
import { requireRun } from './require-run.js';

export interface PageCommandOptions extends BrokerOptions, Omit<PageOptions, 'page'> {
  readonly runs: string;
  /** Folder to write the pages of the run to. If given, nothing is served. */
  readonly export?: string;
  readonly at?: { readonly host: string; readonly port: number };
}

/** `page [RUN]`: serves the page of runs in a folder or on a broker until Ctrl-C. */
export async function page(run: string | undefined, options: PageCommandOptions): Promise<void> {
  const address = pageAddress({ ...options, page: options.at ?? true });
  if (address === undefined) return;
  const onBroker = options.nats !== undefined || options.context !== undefined;
  const joined = onBroker ? await openJoinedBus('viewer', { broker: options, store: '.haf/store' }) : null;
  try {
    const name =
      run === undefined
        ? null
        : joined
          ? await requireRun(joined.bus, run)
          : RunDirectory.find(options.runs, run).run;
    const source = joined ? busSource(joined.bus) : directorySource(options.runs);
    if (options.export !== undefined) return await exportTo(options.export, source, name);
    const served = await servePage(address, source);
    printData(`page: ${served.urlOf(name)}`);
    say('Ctrl-C ends it.');
    await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
    await served.close();
  } finally {
    await joined?.leave();
  }
}

async function exportTo(folder: string, source: PageSource, run: string | null): Promise<void> {
  if (run === null)
    throw new HafError(
      'HAF_USAGE',
      '--export writes the pages of one run, but none is named.',
      'Name it, or "latest".',
    );
  const { exportPage } = await import('../page/export-page.js');
  const { files, leftOut } = await exportPage(source, run, folder);
  printData(`${counted(files, 'file')} in ${folder}`);
  if (leftOut.length > 0) say(`left out: ${leftOut.map(visibleInLine).join('; ')}`);
  say(`Open ${join(folder, 'index.html')} in a browser, or put the folder on a web server.`);
}
